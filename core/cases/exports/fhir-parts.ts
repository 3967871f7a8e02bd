import type { CodeableConcept, Coding, Extension, Meta, Narrative, Quantity, Reference } from 'fhir/r4.js';
import type { Facet } from '../../../schema/vocabulary.ts';
import type { Finding } from '../case.ts';
import { type DetailKey, detailsOf } from './details.ts';
import { DETAIL_URL, SYSTEMS } from './fhir-codes.ts';
import { isHpo } from './phenopacket-terms.ts';
import { PURPOSE } from './shown.ts';
import { isUcum } from './ucum.ts';
import { clean, slug, uuidOf } from './words.ts';

/** What the resources of one bundle have in common. */
export type Frame = {
  readonly caseId: string;
  readonly patient: Reference;
  readonly report: Reference;
  readonly quoteAt: (span: Finding['span'] | null) => string | null;
};

export const META: Meta = {
  tag: [
    { system: SYSTEMS.tag, code: 'derived-from-publication', display: PURPOSE },
    { system: SYSTEMS.actReason, code: 'HRESCH', display: 'healthcare research' },
  ],
};

/** Resources of one case are told apart by name; the same case always gives the same ids. */
export const idOf = (caseId: string, name: string): string => uuidOf(`${caseId}\n${name}`);
export const referenceTo = (caseId: string, name: string): Reference => ({
  reference: `urn:uuid:${idOf(caseId, name)}`,
});

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
export const escapeXml = (text: string): string => clean(text).replace(/[&<>"']/g, (char) => ESCAPES[char] ?? '');

/** XHTML of paragraphs; nothing in them is markup. */
export const narrative = (...lines: readonly string[]): Narrative => ({
  status: 'generated',
  div: `<div xmlns="http://www.w3.org/1999/xhtml">${lines.map((line) => `<p>${escapeXml(line)}</p>`).join('')}</div>`,
});

export const concept = (coding: Coding, text?: string): CodeableConcept => ({
  coding: [coding],
  ...(text === undefined ? {} : { text: clean(text) }),
});

/** Own code of a term, with that of HPO where the operator's vocabulary brought one. */
export const termConcept = ({ term, code }: Pick<Finding, 'term' | 'code'>): CodeableConcept => ({
  coding: [
    { system: SYSTEMS.term, code: slug(term) },
    ...(code !== undefined && isHpo(code) ? [{ system: SYSTEMS.hpo, code }] : []),
  ],
  text: clean(term),
});

/** Coded only where the unit is of UCUM. */
export const quantity = (value: number, unit: string | undefined): Quantity => ({
  value,
  ...(unit === undefined ? {} : { unit: clean(unit) }),
  ...(unit !== undefined && isUcum(unit) ? { system: SYSTEMS.ucum, code: unit } : {}),
});

export const detail = (key: string, valueString: string): Extension => ({
  url: `${DETAIL_URL}${key}`,
  valueString: clean(valueString),
});

/** The facet of a finding and every field that the resource has no element for. */
export function details(finding: Finding, native: readonly DetailKey[], facet?: Facet): { extension?: Extension[] } {
  const coded = finding.code !== undefined && isHpo(finding.code);
  const extension = [
    ...(facet === undefined ? [] : [detail('facet', facet)]),
    ...detailsOf(finding, coded ? [...native, 'code'] : native).map(([key, word]) => detail(key, word)),
  ];
  return extension.length === 0 ? {} : { extension };
}

export function noteOf(frame: Frame, finding: Finding): { note?: { text: string }[] } {
  const quote = frame.quoteAt(finding.span);
  return quote === null ? {} : { note: [{ text: clean(quote) }] };
}
