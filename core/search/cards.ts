import { DIAGNOSIS_CATEGORIES, FACETS, type Facet, SEXES, type Sex } from '../../schema/vocabulary.ts';
import { arrayOf, Growing, packArrays, packStrings, unpackArrays, unpackStrings } from './binary.ts';
import type { Provenance, ReleaseCase, SearchFilters } from './contract.ts';
import { withoutText } from './withhold.ts';

/** What every case of a release is filtered by, in columns by case ordinal; ids ascend. */
export type Cards = {
  readonly count: number;
  readonly ids: readonly string[];
  /** Equal numbers are patients of one document. */
  readonly documents: Uint32Array;
  /** NaN where unknown. */
  readonly ageYears: Float32Array;
  readonly rare: Uint8Array;
  /** Place in `DIAGNOSIS_CATEGORIES`. */
  readonly categories: Uint8Array;
  /** 0 where unknown. */
  readonly years: Uint16Array;
  /** Bit i is set where the case has facet i of `FACETS`. */
  readonly facets: Uint8Array;
  sexOf(ordinal: number): Sex | null;
  sourceOf(ordinal: number): string;
  licenceOf(ordinal: number): string;
  /** Null where none is stated. */
  diagnosisOf(ordinal: number): string | null;
  /** Ordinal of a case id; undefined where the release has none. */
  ordinalOf(caseId: string): number | undefined;
  /** The id of the case that carries `id` as one of another document of its article; else `id` itself. */
  idOf(id: string): string;
};

/**
 * Names the document of a case: `documentKey` where the stage gives it, else the provenance with the id's patient number cut off
 * (`PMC_1-2` is patient 2 of `PMC_1`).
 */
function documentKey(theCase: ReleaseCase): string {
  if (theCase.documentKey !== undefined) return theCase.documentKey;
  const { pmcid, pmid, doi, url, title, source } = theCase.provenance;
  const stem = theCase.caseId.replace(/-\d{1,2}$/, '');
  return JSON.stringify(pmcid ?? pmid ?? doi ?? [source, url, title, stem]);
}

/** Ids by which a case is asked for because another document of its article has them: of the first patient where there are several. */
export function aliasesOf({
  provenance,
}: {
  readonly provenance: Pick<Provenance, 'pmid' | 'pmcid' | 'also'>;
}): readonly string[] {
  if (!provenance.also?.length) return [];
  const named = [provenance, ...provenance.also].flatMap(({ pmid, pmcid }) => [
    ...(pmid === null ? [] : [`PMID_${pmid.replace(/^\D+/, '')}`]),
    ...(pmcid === null ? [] : [`PMC_${pmcid.replace(/^\D+/, '')}`]),
  ]);
  return [...new Set([...provenance.also.map(({ key }) => key), ...named])];
}

/** The year of an ISO date or year; 0 where there is none. */
export function yearOf(provenance: Provenance): number {
  const year = /^(\d{4})/.exec(provenance.publicationDate ?? '')?.[1];
  return year === undefined ? 0 : Number(year);
}

/** The columns of one case. */
export type CardRow = {
  readonly caseId: string;
  readonly document: string;
  readonly aliases: readonly string[];
  readonly ageYears: number;
  readonly sex: Sex | null;
  readonly rare: number;
  readonly category: number;
  /** As it may be shown; empty where there is none. */
  readonly diagnosis: string;
  readonly year: number;
  readonly source: string;
  readonly licence: string;
  readonly facets: number;
};

export type CardsBuilder = { add(row: CardRow): void; finish(): Uint8Array };

export function cardOf(theCase: ReleaseCase): CardRow {
  const { caseId, extracted, distillate, provenance } = theCase;
  return {
    caseId,
    document: documentKey(theCase),
    aliases: aliasesOf(theCase),
    ageYears: extracted.patient.ageYears ?? Number.NaN,
    sex: extracted.patient.sex,
    rare: distillate.isRare ? 1 : 0,
    category: DIAGNOSIS_CATEGORIES.indexOf(distillate.diagnosisCategory),
    diagnosis: (theCase.withheld === undefined ? distillate : withoutText(theCase).distillate).diagnosis ?? '',
    year: yearOf(provenance),
    source: provenance.source,
    licence: provenance.licence ?? '',
    facets: FACETS.reduce((mask, facet, i) => (extracted.facets[facet] ? mask | (1 << i) : mask), 0),
  };
}

/** What the card of a case holds, but for what it does not have of its document. */
export function storedCard(cards: Cards, ordinal: number): Omit<CardRow, 'document' | 'aliases'> {
  return {
    caseId: cards.ids[ordinal] ?? '',
    ageYears: cards.ageYears[ordinal] ?? Number.NaN,
    sex: cards.sexOf(ordinal),
    rare: cards.rare[ordinal] ?? 0,
    category: cards.categories[ordinal] ?? 0,
    diagnosis: cards.diagnosisOf(ordinal) ?? '',
    year: cards.years[ordinal] ?? 0,
    source: cards.sourceOf(ordinal),
    licence: cards.licenceOf(ordinal),
    facets: cards.facets[ordinal] ?? 0,
  };
}

/** Numbers the distinct strings that it is given, in order of first appearance. */
function numbering(): { of(text: string): number; names(): readonly string[] } {
  const numbers = new Map<string, number>();
  return {
    of(text) {
      const number = numbers.get(text) ?? numbers.size;
      numbers.set(text, number);
      return number;
    },
    names: () => [...numbers.keys()],
  };
}

/** Takes case 0, 1, 2 … and gives the bytes of `cards.bin`. */
export function createCardsBuilder(): CardsBuilder {
  const ids: string[] = [];
  const documentNumbers = numbering();
  const sourceNumbers = numbering();
  const licenceNumbers = numbering();
  const u8 = () => new Growing((length) => new Uint8Array(length));
  const u16 = () => new Growing((length) => new Uint16Array(length));
  const documents = new Growing((length) => new Uint32Array(length));
  const ageYears = new Growing((length) => new Float32Array(length));
  const diagnoses: string[] = [];
  const [rare, categories, facets, sexes] = [u8(), u8(), u8(), u8()];
  const [years, sources, licences] = [u16(), u16(), u16()];
  const aliases = new Map<string, number>();
  return {
    add(row) {
      for (const alias of row.aliases) if (!aliases.has(alias)) aliases.set(alias, ids.length);
      ids.push(row.caseId);
      documents.push(documentNumbers.of(row.document));
      ageYears.push(row.ageYears);
      sexes.push(row.sex === null ? 0 : SEXES.indexOf(row.sex) + 1);
      rare.push(row.rare);
      categories.push(row.category);
      diagnoses.push(row.diagnosis);
      years.push(row.year);
      sources.push(sourceNumbers.of(row.source));
      licences.push(licenceNumbers.of(row.licence));
      facets.push(row.facets);
    },
    finish: () =>
      packArrays({
        ids: packStrings(ids),
        documents: documents.taken(),
        ageYears: ageYears.taken(),
        sexes: sexes.taken(),
        rare: rare.taken(),
        categories: categories.taken(),
        years: years.taken(),
        sources: sources.taken(),
        sourceNames: packStrings(sourceNumbers.names()),
        licences: licences.taken(),
        licenceNames: packStrings(licenceNumbers.names()),
        facets: facets.taken(),
        diagnoses: packStrings(diagnoses),
        aliases: packStrings(aliases.keys()),
        aliasOrdinals: Uint32Array.from(aliases.values()),
      }),
  };
}

/** Throws `ReleaseFormatError`. */
export function readCards(bytes: Uint8Array): Cards {
  const unpacked = unpackArrays('cards.bin', bytes);
  const names = (array: string) => unpackStrings(arrayOf(unpacked, array, Uint8Array), 1);
  const documents = arrayOf(unpacked, 'documents', Uint32Array);
  const ids = unpackStrings(arrayOf(unpacked, 'ids', Uint8Array), documents.length);
  const sexes = arrayOf(unpacked, 'sexes', Uint8Array);
  const sources = arrayOf(unpacked, 'sources', Uint16Array);
  const licences = arrayOf(unpacked, 'licences', Uint16Array);
  const sourceNames = names('sourceNames');
  const licenceNames = names('licenceNames');
  let ordinals: Map<string, number> | undefined;
  const ordinalOf = (caseId: string): number | undefined => {
    ordinals ??= new Map(ids.map((id, ordinal) => [id, ordinal]));
    return ordinals.get(caseId);
  };
  let aliases: ReadonlyMap<string, string> | undefined;
  const readAliases = (): ReadonlyMap<string, string> => {
    // A release of an earlier version has none.
    if (!unpacked.has('aliases')) return new Map();
    const held = arrayOf(unpacked, 'aliasOrdinals', Uint32Array);
    const aliasNames = unpackStrings(arrayOf(unpacked, 'aliases', Uint8Array), held.length);
    return new Map(aliasNames.map((name, i) => [name, ids[held[i] ?? 0] ?? '']));
  };
  let diagnoses: readonly string[] | undefined;
  // A release of an earlier version has none.
  const readDiagnoses = () =>
    unpacked.has('diagnoses') ? unpackStrings(arrayOf(unpacked, 'diagnoses', Uint8Array), documents.length) : [];
  return {
    count: documents.length,
    ids,
    documents,
    ageYears: arrayOf(unpacked, 'ageYears', Float32Array),
    rare: arrayOf(unpacked, 'rare', Uint8Array),
    categories: arrayOf(unpacked, 'categories', Uint8Array),
    years: arrayOf(unpacked, 'years', Uint16Array),
    facets: arrayOf(unpacked, 'facets', Uint8Array),
    sexOf: (ordinal) => SEXES[(sexes[ordinal] ?? 0) - 1] ?? null,
    sourceOf: (ordinal) => sourceNames[sources[ordinal] ?? 0] ?? '',
    licenceOf: (ordinal) => licenceNames[licences[ordinal] ?? 0] ?? '',
    diagnosisOf(ordinal) {
      diagnoses ??= readDiagnoses();
      return diagnoses[ordinal] || null;
    },
    ordinalOf,
    idOf(id) {
      if (ordinalOf(id) !== undefined) return id;
      aliases ??= readAliases();
      return aliases.get(id) ?? id;
    },
  };
}

/** The bits of `Cards.facets` that these facets have. */
const maskOf = (facets: readonly Facet[]): number =>
  facets.reduce((mask, facet) => mask | (1 << FACETS.indexOf(facet)), 0);

/** 1 for every case that passes all filters. A case that does not say what a filter asks for does not pass it. */
export function keptBy(cards: Cards, filters: SearchFilters): Uint8Array {
  const kept = new Uint8Array(cards.count).fill(1);
  const categories: readonly string[] = DIAGNOSIS_CATEGORIES;
  const category = categories.indexOf(filters.category ?? '');
  const source = filters.source?.toLowerCase();
  const licence = filters.licence?.toLowerCase();
  const has = maskOf(filters.has ?? []);
  for (let i = 0; i < cards.count; i += 1) {
    const age = cards.ageYears[i] ?? Number.NaN;
    const year = cards.years[i] ?? 0;
    const passes =
      (filters.age_min === undefined || age >= filters.age_min) &&
      (filters.age_max === undefined || age <= filters.age_max) &&
      (filters.sex === undefined || cards.sexOf(i) === filters.sex) &&
      (filters.rare === undefined || (cards.rare[i] === 1) === filters.rare) &&
      (filters.category === undefined || cards.categories[i] === category) &&
      (filters.year_min === undefined || (year !== 0 && year >= filters.year_min)) &&
      (filters.year_max === undefined || (year !== 0 && year <= filters.year_max)) &&
      (source === undefined || cards.sourceOf(i).toLowerCase() === source) &&
      (licence === undefined || cards.licenceOf(i).toLowerCase() === licence) &&
      ((cards.facets[i] ?? 0) & has) === has;
    if (!passes) kept[i] = 0;
  }
  return kept;
}
