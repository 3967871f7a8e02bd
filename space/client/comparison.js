// Results chosen to be put beside each other, and the bar that leads to them.

import { byId, element } from './dom.js';
import { compareHref, count } from './words.js';

const CASES_MIN = 2;
const CASES_MAX = 4;

/** A new choice for each answer; the case that was asked for is the reference. */
export function chooser(seedCaseId) {
  const chosen = new Set();
  const boxes = [];
  const most = seedCaseId === null ? CASES_MAX : CASES_MAX - 1;
  const least = seedCaseId === null ? CASES_MIN : CASES_MIN - 1;

  const show = () => {
    for (const box of boxes) box.disabled = !box.checked && chosen.size >= most;
    const panel = byId('comparison');
    panel.hidden = chosen.size === 0;
    const ids = [...(seedCaseId === null ? [] : [seedCaseId]), ...chosen];
    const enough = chosen.size >= least;
    panel.replaceChildren(
      element(
        'p',
        { role: 'status' },
        `${count(chosen.size)} ${chosen.size === 1 ? 'case' : 'cases'} chosen`,
        chosen.size >= most ? `, as many as fit beside ${seedCaseId === null ? 'each other' : 'this case'}` : '',
        enough ? '' : ': choose one more to compare',
      ),
      enough
        ? element('a', { class: 'button small', href: compareHref(ids), target: '_blank', rel: 'noopener' }, 'Compare')
        : '',
      clear(),
    );
  };

  const clear = () => {
    const button = element('button', { type: 'button', class: 'button quiet small' }, 'Clear');
    button.addEventListener('click', () => {
      chosen.clear();
      for (const box of boxes) box.checked = false;
      show();
      boxes[0]?.focus();
    });
    return button;
  };

  show();
  /** The box on the card of a result. */
  return (caseId) => {
    const box = element('input', { type: 'checkbox' });
    boxes.push(box);
    box.addEventListener('change', () => {
      if (box.checked) chosen.add(caseId);
      else chosen.delete(caseId);
      show();
    });
    return element('label', { class: 'choose' }, box, ' Compare');
  };
}
