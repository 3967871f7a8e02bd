// The only place that makes elements. Text always goes in as text; there is no way to pass markup.

/**
 * @param {string} tag
 * @param {Record<string, string | number | boolean | null | undefined>} [attributes] left out where null, undefined or false
 * @param {...(Node | string | null | undefined | false | (Node | string | null | undefined | false)[])} children
 * @returns {HTMLElement}
 */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    node.setAttribute(name, value === true ? '' : String(value));
  }
  node.append(...present(children));
  return node;
}

function present(children) {
  return children.flat().filter((child) => child !== null && child !== undefined && child !== false && child !== '');
}

/** The element with this id; a page without it is a bug. */
export function byId(id) {
  const node = document.getElementById(id);
  if (node === null) throw new Error(`no element with id ${id}`);
  return node;
}

/** Text of unknown direction inside a sentence. */
export function isolated(text) {
  return element('bdi', {}, text);
}

/** A bar of `share` in [0, 1]; decoration beside a number that says the same. */
export function bar(share, facet) {
  const fill = element('span', { class: 'bar-fill', 'data-facet': facet });
  fill.style.width = `${Math.min(100, Math.max(0, share * 100))}%`;
  return element('span', { class: 'bar', 'aria-hidden': 'true' }, fill);
}

/** Shows the first `limit` nodes and puts the rest behind a summary; a single one more is shown, not hidden. */
export function folded(nodes, limit, tag, attributes) {
  if (nodes.length <= limit + 1) return [element(tag, attributes, nodes)];
  const shown = element(tag, attributes, nodes.slice(0, limit));

  const rest = element(tag, attributes, nodes.slice(limit));
  return [shown, element('details', { class: 'more' }, element('summary', {}, `${nodes.length - limit} more`), rest)];
}
