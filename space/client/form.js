// The form of the search page: what it holds as a request, and the problems of a request shown beside its controls.

import { byId } from './dom.js';
import { count, FACETS, PRESETS } from './words.js';

const NUMBER_FILTERS = ['age_min', 'age_max', 'year_min', 'year_max'];
const LEGS = ['dense', 'lexical', 'findings'];
const K_DEFAULT = '10';

const slider = (facet) => byId(`weight-${facet}`);

/** Body of POST /api/search. `caseId` stands in for the text where the search is for cases similar to a case. */
export function readRequest(caseId) {
  const preset = byId('preset').value;
  const filters = readFilters();
  return {
    ...asked(caseId),
    ...(byId('k').value === '' ? {} : { k: Number(byId('k').value) }),
    ...(preset === 'custom' ? { weights: readWeights() } : { preset }),
    ...(Object.keys(filters).length === 0 ? {} : { filters }),
    ...(legsChosen().length === LEGS.length ? {} : { legs: legsChosen() }),
  };
}

/** A case, a text, keywords, or keywords beside either. */
function asked(caseId) {
  const text = byId('text').value;
  const keywords = byId('keywords').value;
  const withKeywords = keywords.trim() === '' ? {} : { keywords };
  if (caseId !== null) return { case_id: caseId, ...withKeywords };
  return text.trim() === '' ? withKeywords : { text, ...withKeywords };
}

function readWeights() {
  return Object.fromEntries(FACETS.map((facet) => [facet, Number(slider(facet).value) / 100]));
}

function readFilters() {
  const filters = {};
  for (const name of NUMBER_FILTERS) if (byId(name).value !== '') filters[name] = Number(byId(name).value);
  for (const name of ['sex', 'category']) if (byId(name).value !== '') filters[name] = byId(name).value;
  if (byId('rare').checked) filters.rare = true;
  const has = FACETS.filter((facet) => byId(`has-${facet}`).checked);
  if (has.length > 0) filters.has = has;
  return filters;
}

function legsChosen() {
  return LEGS.filter((leg) => byId(`leg-${leg}`).checked);
}

/** Wires sliders, presets and the summary line of the options. */
export function setUpOptions() {
  byId('preset').addEventListener('change', () => {
    const preset = PRESETS[byId('preset').value];
    if (preset === undefined) byId('options').open = true;
    else setWeights(preset.weights);
    showOptionsState();
  });
  for (const facet of FACETS) {
    slider(facet).addEventListener('input', () => {
      byId('preset').value = 'custom';
      showOptionsState();
    });
  }
  byId('options').addEventListener('input', showOptionsState);
  byId('reset-options').addEventListener('click', resetOptions);
  showOptionsState();
}

function setWeights(weights) {
  for (const [i, facet] of FACETS.entries()) slider(facet).value = String(weights[i]);
}

function resetOptions() {
  byId('preset').value = 'balanced';
  setWeights(PRESETS.balanced.weights);
  for (const name of [...NUMBER_FILTERS, 'sex', 'category']) byId(name).value = '';
  byId('k').value = K_DEFAULT;
  byId('rare').checked = false;
  for (const facet of FACETS) byId(`has-${facet}`).checked = false;
  for (const leg of LEGS) byId(`leg-${leg}`).checked = true;
  clearProblems();
  showOptionsState();
}

function showOptionsState() {
  for (const facet of FACETS) byId(`weight-${facet}-output`).textContent = `${slider(facet).value} %`;
  const sum = FACETS.reduce((total, facet) => total + Number(slider(facet).value), 0);
  byId('weights-sum').textContent =
    sum === 100 || sum === 0 ? '' : `They add up to ${count(sum)} and are scaled to 100.`;
  const filterCount = Object.keys(readFilters()).length;
  const parts = [
    byId('preset').value === 'custom' ? 'own weights' : '',
    filterCount === 0 ? '' : `${filterCount} ${filterCount === 1 ? 'filter' : 'filters'}`,
    legsChosen().length === LEGS.length ? '' : `${legsChosen().length} of ${LEGS.length} comparisons`,
  ];
  byId('options-state').textContent = parts.filter((part) => part !== '').join(' · ');
}

export function clearProblems() {
  for (const control of document.querySelectorAll('#search-form [aria-invalid]'))
    control.removeAttribute('aria-invalid');
  for (const note of document.querySelectorAll('#search-form .field-error')) note.textContent = '';
}

/** Marks the controls that the problems name and opens what hides them. Returns the first such control, or null. */
export function showFieldProblems(problems) {
  let first = null;
  for (const { field, message } of problems) {
    const control = controlOf(field);
    if (control === null) continue;
    control.setAttribute('aria-invalid', 'true');
    const note = document.getElementById(`${control.id}-error`);
    if (note !== null) note.textContent = message;
    if (byId('options').contains(control)) byId('options').open = true;
    first ??= control;
  }
  return first;
}

/** The label of the control that a field of the request comes from; the field itself where there is none. */
export function labelOf(field) {
  const control = controlOf(field);
  const label = control === null ? null : document.querySelector(`label[for="${control.id}"]`);
  return label?.textContent?.trim() ?? field.replaceAll('_', ' ');
}

function controlOf(field) {
  const controls = [...document.querySelectorAll('#search-form [data-field]')];
  return (
    controls.find((control) => control.dataset.field === field || field.startsWith(`${control.dataset.field}.`)) ?? null
  );
}
