// Shows the place of a text that an address names: `#at-120-134`, offsets [start, end) in UTF-16 units.

const PLACE = /^#at-(\d{1,9})-(\d{1,9})$/;

/**
 * The range of the first `end` characters of `root` from `start` on; null where they are not there.
 * @param {Element} root
 */
export function rangeOf(root, start, end) {
  const range = document.createRange();
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  let before = 0;
  let begun = false;
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const { length } = node.data;
    if (!begun && start < before + length) {
      range.setStart(node, start - before);
      begun = true;
    }
    if (begun && end <= before + length) {
      range.setEnd(node, end - before);
      return range;
    }
    before += length;
  }
  return null;
}

/** Marks and scrolls to the place that the address names; leaves to the anchors of the page what it cannot show. */
export function showPlace() {
  const text = document.querySelector('.case-text');
  const [, start, end] = PLACE.exec(location.hash) ?? [];
  CSS.highlights?.delete('place');
  document.documentElement.classList.remove('placed');
  if (text === null || start === undefined || CSS.highlights === undefined) return;
  // A text whose line ends the browser has changed has other offsets.
  if (text.textContent.length !== Number(text.dataset.length)) return;
  const range = Number(start) < Number(end) ? rangeOf(text, Number(start), Number(end)) : null;
  if (range === null) return;
  CSS.highlights.set('place', new Highlight(range));
  document.documentElement.classList.add('placed');
  const { top, bottom } = range.getBoundingClientRect();
  scrollTo({ top: scrollY + (top + bottom) / 2 - innerHeight * 0.4 });
}
