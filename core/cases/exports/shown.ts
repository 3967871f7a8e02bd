import type { Facet } from '../../../schema/vocabulary.ts';
import { FACETS } from '../../../schema/vocabulary.ts';
import type { StoredCase } from '../../search/archive.ts';
import { citationOf } from '../../search/evidence.ts';
import { withoutText } from '../../search/withhold.ts';
import type { Finding, Span } from '../case.ts';

/** What an export says about itself. */
export type ExportMeta = {
  /** ISO 8601 instant in UTC; that of the release, so that the same release gives the same file. */
  readonly createdAt: string;
  /** Program and version: `Anamnesis 0.1.0, release 3`. */
  readonly createdBy: string;
};

export const PURPOSE =
  'Derived from a published case report for research and education; not a medical record and not a diagnosis.';

/** A quote is the words of a finding or the beginning of them. */
const QUOTE_CHARS_MAX = 200;
const NAME_CHARS_MAX = 80;

export type Placed = { readonly facet: Facet; readonly finding: Finding };

/** One case as an export may show it. */
export type ShownCase = StoredCase & {
  readonly citation: string;
  /** Where to read it: an address of http or https. */
  readonly address: string | null;
  /** Terms of the text, what was published since, and why words of it are missing. */
  readonly remarks: readonly string[];
  readonly findings: readonly Placed[];
  /** The words at a place of the text; null where the text is not shown or nothing stands there. */
  readonly quoteAt: (span: Span | null) => string | null;
};

/** Every export begins here: a case whose text may not be shown loses it before anything is made of it. */
export function shownCase(stored: StoredCase): ShownCase {
  const theCase = stored.withheld === undefined ? stored : onlyNames(withoutText(stored));
  const { provenance, extracted, notices = [], withheld } = theCase;
  const { text } = extracted;
  return {
    ...theCase,
    citation: citationOf(theCase.caseId, provenance),
    address: addressOf(provenance.url),
    remarks: [
      PURPOSE,
      `Licence: ${provenance.licence ?? 'not stated: check before you reuse it'}.`,
      ...notices
        .filter(({ kind }) => kind !== 'comment')
        .map(
          ({ kind, reference }) =>
            `Published since, ${kind.replaceAll('_', ' ')}${reference === null ? '' : `: ${reference}`}.`,
        ),
      ...(withheld === undefined ? [] : [`Words of the report are left out: ${withheld}.`]),
    ],
    findings: FACETS.flatMap((facet) =>
      (extracted.facets[facet]?.findings ?? []).map((finding) => ({ facet, finding })),
    ),
    quoteAt: (span) => {
      if (span === null || withheld !== undefined || span[1] <= span[0]) return null;
      const quote = text.slice(span[0], Math.min(span[1], span[0] + QUOTE_CHARS_MAX));
      return quote.trim() === '' ? null : quote;
    },
  };
}

/** A model names treatments in words of its own; in many words they may be a sentence of the report. */
function onlyNames(stored: StoredCase): StoredCase {
  const { treatments, complications, ...distillate } = stored.distillate;
  const names = (findings: readonly Finding[]) => findings.filter(({ term }) => term.length <= NAME_CHARS_MAX);
  return {
    ...stored,
    distillate: { ...distillate, treatments: names(treatments), complications: names(complications) },
  };
}

export function addressOf(url: string | null): string | null {
  if (url === null || !URL.canParse(url)) return null;
  const { protocol, href } = new URL(url);
  return protocol === 'https:' || protocol === 'http:' ? href : null;
}

/** Age and sex stand with the patient, not among the findings. */
export const isOfPatient = ({ facet, finding }: Placed): boolean =>
  facet === 'demographics' && (finding.term === 'age' || finding.term === 'sex') && finding.assertion === 'present';

export const isHomeMedicine = ({ facet, finding }: Placed): boolean =>
  facet === 'demographics' && finding.qualifiers?.[0] === 'medication';

const ATTRIBUTES = new Set(['age group', 'gender', 'gestational age']);

/** How the patient lives and who he is: nothing that he has or has not. */
export const isAttribute = ({ facet, finding }: Placed): boolean =>
  facet === 'demographics' && (finding.qualifiers?.[0] === 'social' || ATTRIBUTES.has(finding.term));

export const isAllergy = ({ facet, finding }: Placed): boolean =>
  facet === 'demographics' && finding.qualifiers?.[0] === 'allergy';

/** All ids of the report, as CURIEs: its own first, then those of its other documents. */
export function referencesOf({ provenance }: Pick<StoredCase, 'provenance'>): readonly string[] {
  const ids = [provenance, ...(provenance.also ?? [])].flatMap(({ pmid, pmcid, doi }) => [
    ...(pmid === null ? [] : [`PMID:${pmid}`]),
    ...(pmcid === null ? [] : [`PMC:${pmcid}`]),
    ...(doi === null ? [] : [`DOI:${doi}`]),
  ]);
  return [...new Set(ids)];
}
