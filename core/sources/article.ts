import type { NoticeKind, PublicationState } from '../../schema/vocabulary.ts';
import type { Notice, Reading, RefusalReason } from './record.ts';
import type { XmlProblem, XmlReading } from './xml.ts';

/** What the readers of all formats have in common. */

export type Ids = { readonly pmid: string | null; readonly pmcid: string | null; readonly doi: string | null };

/** `PMC123` of `123`, `PMC123`, `pmc123.1`; null where it is none. */
export function pmcidOf(text: string | null | undefined): string | null {
  const digits = /^\s*(?:pmc)?([1-9]\d{0,11})(?:\.\d{1,3})?\s*$/i.exec(text ?? '')?.[1];
  return digits === undefined ? null : `PMC${digits}`;
}

export const pmidOf = (text: string | null | undefined): string | null =>
  /^\s*(?:PMID:?\s?)?([1-9]\d{0,11})\s*$/i.exec(text ?? '')?.[1] ?? null;

/** A DOI without resolver and prefix, as it was written; null where it is none. */
export function doiOf(text: string | null | undefined): string | null {
  const doi = /(?:^|doi\.org\/|doi:\s?|\s)(10\.\d{4,9}\/\S{1,200})/i.exec((text ?? '').trim())?.[1];
  return doi === undefined ? null : doi.replace(/[.,;]$/, '');
}

/** The key that a document has by itself: `PMC_1` or `PMID_1` in the order asked for, else by its DOI; null where it has no id. */
export function keyOf({ pmid, pmcid, doi }: Ids, first: 'pmid' | 'pmcid'): string | null {
  const byPmid = pmid === null ? null : `PMID_${pmid}`;
  const byPmcid = pmcid === null ? null : `PMC_${pmcid.slice(3)}`;
  const byDoi = doi === null ? null : `DOI_${doi.replace(/[^A-Za-z0-9._:@()/-]/g, '_')}`.slice(0, 200);
  return (first === 'pmid' ? (byPmid ?? byPmcid) : (byPmcid ?? byPmid)) ?? byDoi;
}

/** Where a person may look at it. */
export const urlOf = ({ pmid, pmcid, doi }: Ids, first: 'pmid' | 'pmcid'): string | null => {
  const pubmed = pmid === null ? null : `https://pubmed.ncbi.nlm.nih.gov/${pmid}/`;
  const pmc = pmcid === null ? null : `https://pmc.ncbi.nlm.nih.gov/articles/${pmcid}/`;
  return (first === 'pmid' ? (pubmed ?? pmc) : (pmc ?? pubmed)) ?? (doi === null ? null : `https://doi.org/${doi}`);
};

/** What is prefixed to the title of an article that was taken back. */
export function titledState(title: string | null): PublicationState {
  const prefix =
    /^\W{0,3}(retracted|withdrawn|removed)(?: (?:article|paper|publication|manuscript))?\s?[\]):.–-]/i.exec(
      title ?? '',
    )?.[1];
  if (prefix === undefined) return 'current';
  return prefix.toLowerCase() === 'retracted' ? 'retracted' : 'withdrawn';
}

/** The state that notices and title give: retracted as soon as one of them says so. */
export const stateOf = (title: string | null, notices: readonly Notice[]): PublicationState =>
  notices.some(({ kind }) => kind === 'retraction') ? 'retracted' : titledState(title);

/**
 * What kind of notice stands behind a relation of a later publication, as MEDLINE (`ErratumIn`), Europe PMC (`Erratum in`) and JATS
 * (`correction-forward`) name it; null where it is none, or is about another publication.
 */
export function noticeKindOf(relation: string): NoticeKind | null {
  const name = relation.toLowerCase().replace(/[^a-z]/g, '');
  if (/^(?:retractionin|retractedin|retractionforward|retractedandrepublishedin)$/.test(name)) return 'retraction';
  if (/^(?:expressionofconcernin|concernforward|expressionofconcernforward|expressionofconcern)$/.test(name))
    return 'expression_of_concern';
  if (
    /^(?:erratumin|correctionforward|correctionin|erratum|correction|partialretractionin|partialretractionforward)$/.test(
      name,
    )
  )
    return 'erratum';
  if (
    /^(?:updatein|updateforward|republishedin|correctedandrepublishedin|republicationforward|addendum|addendumforward|newversionin)$/.test(
      name,
    )
  )
    return 'update';
  if (/^(?:commentin|commentary|letter|letterreply|reply)$/.test(name)) return 'comment';
  return null;
}

const REASONS: Readonly<Record<XmlProblem, RefusalReason>> = {
  encoding: 'not_utf8',
  not_utf8: 'not_utf8',
  doctype: 'unreadable',
  malformed: 'unreadable',
  truncated: 'unreadable',
  too_large: 'too_large',
};

export const refused = (reason: RefusalReason, detail: string): Reading => ({ kind: 'refused', reason, detail });
export const refusedXml = ({ problem, detail }: Extract<XmlReading, { kind: 'refused' }>): Reading =>
  refused(REASONS[problem], detail);

/** The most exact of some dates; of equally exact ones the first. */
export const bestDate = (dates: readonly (string | null)[]): string | null =>
  dates.reduce((best, date) => ((date?.length ?? 0) > (best?.length ?? 0) ? date : best), null);
