import * as z from 'zod';
import { doiOf, keyOf, noticeKindOf, pmcidOf, pmidOf, refused, stateOf, urlOf } from '../article.ts';
import { isoDate, languageOf } from '../dates.ts';
import { judge } from '../evidence.ts';
import { licenceOf } from '../licence.ts';
import { lineOf } from '../prose.ts';
import type { Notice, Reading } from '../record.ts';
import { markupLine, markupText } from './markup.ts';

const text = z.string().nullish().catch(null);
const listOf = <T extends z.ZodType>(of: T) => z.array(of).nullish().catch(null);
/** Fields of one result that are read; what is of another kind than documented counts as not said. */
const result = z.object({
  id: z.coerce.string().min(1).max(100),
  source: z.string().regex(/^[A-Z]{3}$/),
  pmid: text,
  pmcid: text,
  doi: text,
  title: text,
  abstractText: text,
  language: text,
  license: text,
  isOpenAccess: text,
  authorString: text,
  pubYear: z.union([text, z.number()]).catch(null),
  firstPublicationDate: text,
  electronicPublicationDate: text,
  authorList: z
    .object({ author: listOf(z.object({ fullName: text, firstName: text, lastName: text, collectiveName: text })) })
    .nullish()
    .catch(null),
  journalInfo: z
    .object({ dateOfPublication: text, journal: z.object({ title: text }).nullish().catch(null) })
    .nullish()
    .catch(null),
  bookOrReportDetails: z.object({ publisher: text, comprisingTitle: text }).nullish().catch(null),
  pubTypeList: z
    .object({
      pubType: z
        .union([z.array(z.string()), z.string().transform((one) => [one])])
        .nullish()
        .catch(null),
    })
    .nullish()
    .catch(null),
  keywordList: z
    .object({ keyword: listOf(z.string()) })
    .nullish()
    .catch(null),
  meshHeadingList: z
    .object({ meshHeading: listOf(z.object({ descriptorName: text })) })
    .nullish()
    .catch(null),
  commentCorrectionList: z
    .object({ commentCorrection: listOf(z.object({ id: text, source: text, reference: text, type: text })) })
    .nullish()
    .catch(null),
});
type Result = z.infer<typeof result>;

/** Reads one object of `resultList.result` of a Europe PMC search with `resultType=core`, as JSON. */
export function readEpmc(bytes: Uint8Array, fallbackKey: string): Reading {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    return error instanceof SyntaxError
      ? refused('unreadable', 'the record is no JSON: it was cut, or is another format')
      : refused('not_utf8', 'the bytes are not UTF-8');
  }
  const parsed = result.safeParse(value);
  if (!parsed.success) {
    const field = parsed.error.issues[0]?.path.join('.') || 'record';
    return refused('bad_field', `${field}: not as in a result of Europe PMC (resultType=core)`);
  }
  return record(parsed.data, fallbackKey);
}

function record(found: Result, fallbackKey: string): Reading {
  const ids = {
    pmid: pmidOf(found.pmid) ?? (found.source === 'MED' ? pmidOf(found.id) : null),
    pmcid: pmcidOf(found.pmcid) ?? (found.source === 'PMC' ? pmcidOf(found.id) : null),
    doi: doiOf(found.doi),
  };
  const isPreprint = found.source === 'PPR';
  const title = markupLine(found.title ?? '') || null;
  const abstract = markupText(found.abstractText ?? '');
  const types = (found.pubTypeList?.pubType ?? []).map(lineOf).filter((type) => type !== '');
  const notices = noticesOf(found);
  const state = types.some((type) => /^retracted(?: publication|-publication)?$/i.test(type))
    ? 'retracted'
    : stateOf(title, notices);
  const journal =
    lineOf(
      found.journalInfo?.journal?.title ??
        found.bookOrReportDetails?.comprisingTitle ??
        found.bookOrReportDetails?.publisher ??
        '',
    ) || null;
  const setAside = judge({
    title,
    // The two vocabularies that Europe PMC mixes say the same thing in two ways.
    types,
    subjects: [],
    journal,
    mesh: (found.meshHeadingList?.meshHeading ?? []).map(({ descriptorName }) => descriptorName ?? ''),
    keywords: found.keywordList?.keyword ?? [],
    abstract,
    body: '',
    state,
  });
  const licence = licenceOf(found.license);
  return {
    kind: 'record',
    record: {
      key: isPreprint ? `PPR_${found.id.replace(/^PPR/i, '')}` : (keyOf(ids, 'pmid') ?? fallbackKey),
      text: [title ?? '', abstract].filter((part) => part !== '').join('\n'),
      publication: {
        source: 'europe-pmc',
        title,
        authors: authorsOf(found),
        journal,
        publicationDate: dateOf(found),
        ...ids,
        url: urlOf(ids, 'pmid') ?? `https://europepmc.org/article/${found.source}/${encodeURIComponent(found.id)}`,
        licence,
        lang: languageOf(found.language),
        articleType: types.join('; ') || null,
        state,
        notices,
        openAccess: found.isOpenAccess === 'Y' ? true : found.isOpenAccess === 'N' ? false : null,
        fullText: false,
      },
      ...(setAside === null ? {} : { setAside }),
    },
  };
}

function authorsOf({ authorList, authorString }: Result): readonly string[] {
  const names = (authorList?.author ?? []).map(({ firstName, lastName, fullName, collectiveName }) =>
    lineOf(collectiveName || (firstName && lastName ? `${firstName} ${lastName}` : (fullName ?? ''))),
  );
  const listed = names.filter((name) => name !== '');
  return listed.length > 0
    ? listed
    : lineOf(authorString ?? '')
        .replace(/\.$/, '')
        .split(', ')
        .filter((name) => name !== '');
}

function dateOf({ firstPublicationDate, electronicPublicationDate, pubYear }: Result): string | null {
  for (const said of [electronicPublicationDate, firstPublicationDate]) {
    const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})/.exec(said ?? '') ?? [];
    const date = isoDate(year ?? null, month, day);
    if (date !== null) return date;
  }
  return isoDate(pubYear === null || pubYear === undefined ? null : String(pubYear));
}

function noticesOf({ commentCorrectionList }: Result): readonly Notice[] {
  const notices: Notice[] = [];
  for (const { type, id, source, reference } of commentCorrectionList?.commentCorrection ?? []) {
    const kind = noticeKindOf(type ?? '');
    if (kind === null) continue;
    const pmid = source === 'MED' ? pmidOf(id) : null;
    notices.push({ kind, reference: pmid === null ? lineOf(reference ?? '') || null : `PMID ${pmid}` });
  }
  return notices;
}
