import type { Article, ArticleKind, ArticleNotice, Section } from './article.ts';
import { BROKEN, DIALECTS } from './article.ts';
import {
  authorsOf,
  backgroundOf,
  correctionOf,
  type Dice,
  diceOf,
  diseaseOf,
  journalOf,
  lessonOf,
  letterOf,
  markerOf,
  patientOf,
  reviewOf,
  storyOf,
  symptomOf,
  veterinaryOf,
} from './stories.ts';

export type WorldOptions = {
  readonly seed: number;
  readonly articles: number;
  /** The last day on which an article may have come; ISO 8601. */
  readonly today: string;
  /** Entry days lie within so many days before that. */
  readonly days?: number;
  /** What every article is; a mixture without it. */
  readonly kind?: ArticleKind;
};

/** Articles and what is done to them. Every act takes the day on which the services learn of it. */
export type World = {
  readonly today: string;
  readonly since: string;
  /** What the services list: without what was removed or merged. */
  readonly articles: () => readonly Article[];
  readonly byPmid: (pmid: string) => Article | null;
  readonly byPmcid: (pmcid: string) => Article | null;
  readonly byPpr: (ppr: string) => Article | null;
  readonly get: (number: number) => Article;
  readonly publish: (day: string, kind?: ArticleKind) => Article;
  readonly add: (article: Omit<Article, 'number'>) => Article;
  /** The clinical text says something else; all else stands. */
  readonly changeText: (number: number, day: string) => Article;
  /** A keyword more; the clinical text stands. */
  readonly changeMetadata: (number: number, day: string) => Article;
  /** New text under a version number of its own. */
  readonly newVersion: (number: number, day: string) => Article;
  readonly retract: (number: number, day: string) => Article;
  readonly erratum: (number: number, day: string) => Article;
  readonly concern: (number: number, day: string) => Article;
  /** Its ids mean another article from now on. */
  readonly reuse: (number: number, day: string) => Article;
  readonly breakEncoding: (number: number, day: string) => Article;
  /** It is listed no more; asked for by its id, the other one is given. */
  readonly merge: (number: number, into: number) => void;
  /** It is listed no more; asked for by its id, nothing is given. */
  readonly remove: (number: number) => void;
  /** What was removed is listed again. */
  readonly restore: (number: number) => void;
};

export const addDays = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);

const FIRST_PMID = 39_000_000;
const FIRST_PMCID = 11_000_000;
const FIRST_PPR = 900_000;
/** Every so many articles each of these stands at one place: a small world has some of all. */
const MIX: Readonly<Record<number, ArticleKind>> = {
  3: 'letter',
  5: 'series',
  7: 'correction',
  11: 'review',
  13: 'veterinary',
  17: 'editorial',
  19: 'series',
  22: 'retraction-notice',
};
const MIX_PERIOD = 25;
const DUPLICATE_RECORD_AT = 24;
const PREPRINT_AT = 9;
const WITHOUT_PMID_AT = 15;

export function makeWorld(options: WorldOptions): World {
  const { seed, today, days = 60 } = options;
  const since = addDays(today, 1 - days);
  const articles = new Map<number, Article>();
  const hidden = new Map<number, { readonly into: number | null }>();
  const ids = new Map<string, number>();

  const put = (article: Article): Article => {
    articles.set(article.number, article);
    if (article.pmid) ids.set(`pmid ${article.pmid}`, article.number);
    if (article.pmcid) ids.set(`pmcid ${article.pmcid}`, article.number);
    if (article.ppr) ids.set(`ppr ${article.ppr}`, article.number);
    return article;
  };
  const get = (number: number): Article => {
    const article = articles.get(number);
    if (!article) throw new Error(`the world has no article ${number}`);
    return article;
  };
  const lookUp = (id: string): Article | null => {
    const number = ids.get(id);
    if (number === undefined) return null;
    const gone = hidden.get(number);
    if (!gone) return get(number);
    return gone.into === null ? null : get(gone.into);
  };
  const change = (number: number, day: string, edit: (article: Article) => Partial<Article>): Article => {
    const article = get(number);
    const changeDay = day > article.changeDay ? day : article.changeDay;
    return put({ ...article, ...edit(article), number, changeDay });
  };
  const notice = (kind: ArticleNotice['kind'], words: string) => (number: number, day: string) =>
    change(number, day, ({ notices, journal }) => {
      const pmid = String(FIRST_PMID + 900_000 + number);
      return { notices: [...notices, { kind, pmid, reference: `${journal}. ${day.slice(0, 4)};1:${words}${number}` }] };
    });
  /** New text for the same article; the number of what was changed before makes it differ from each of those. */
  const rewrite = (article: Article, salt: number): Partial<Article> => {
    const dice = diceOf(seed * 7_919 + article.number * 104_729 + salt);
    const { abstract, body, patients } = textOf(dice, article.kind, diseaseOf(dice), article.marker);
    return { abstract, body: article.body === null ? null : body, patients };
  };

  let edits = 0;
  let next = 0;
  const publish = (day: string, kind?: ArticleKind): Article => {
    const number = next++;
    return put(makeArticle(seed, number, day, kind));
  };
  const world: World = {
    today,
    since,
    articles: () => [...articles.values()].filter(({ number }) => !hidden.has(number)),
    byPmid: (pmid) => lookUp(`pmid ${pmid}`),
    byPmcid: (pmcid) => lookUp(`pmcid ${pmcid}`),
    byPpr: (ppr) => lookUp(`ppr ${ppr}`),
    get,
    publish,
    add: (article) => put({ ...article, number: next++ }),
    changeText: (number, day) => change(number, day, (article) => rewrite(article, ++edits)),
    changeMetadata: (number, day) =>
      change(number, day, ({ keywords }) => ({ keywords: [...keywords, `indexed anew ${++edits}`] })),
    newVersion: (number, day) =>
      change(number, day, (article) => ({ ...rewrite(article, ++edits), version: article.version + 1 })),
    retract: notice('retraction', 'r'),
    erratum: notice('erratum', 'e'),
    concern: notice('expression_of_concern', 'c'),
    reuse: (number, day) =>
      change(number, day, ({ pmid, pmcid, ppr, entryDay }) => {
        const other = makeArticle(seed + 1, next++, entryDay, 'case');
        return { ...other, pmid, pmcid, ppr, entryDay };
      }),
    breakEncoding: (number, day) => change(number, day, ({ title }) => ({ title: `${title} ${BROKEN}` })),
    merge: (number, into) => void hidden.set(number, { into }),
    remove: (number) => void hidden.set(number, { into: null }),
    restore: (number) => void hidden.delete(number),
  };

  const dice = diceOf(seed ^ 0x5eed);
  for (let i = 0; i < options.articles; i++) {
    const place = i % MIX_PERIOD;
    const day = addDays(since, dice.whole(0, days - 1));
    if (options.kind !== undefined) publish(day, options.kind);
    else if (place === DUPLICATE_RECORD_AT) put(secondRecord(get(next - 4), next++));
    else if (place === PREPRINT_AT) put(preprintOf(get(next - 1), next++));
    else {
      const article = publish(day, MIX[place] ?? 'case');
      if (place === WITHOUT_PMID_AT)
        put({ ...article, pmid: null, pmcid: article.pmcid ?? String(FIRST_PMCID + article.number) });
    }
  }
  return world;
}

/** The same article under a PMID of its own, as a second publisher's record of it. */
const secondRecord = (article: Article, number: number): Article => ({
  ...article,
  number,
  pmid: String(FIRST_PMID + number),
  pmcid: null,
  body: null,
  openAccess: false,
  licence: null,
  duplicateOf: article.number,
});

/** The same text before its review: only Europe PMC has it. */
const preprintOf = (article: Article, number: number): Article => ({
  ...article,
  number,
  pmid: null,
  pmcid: null,
  ppr: String(FIRST_PPR + number),
  doi: `10.5555/preprint.${number}`,
  body: null,
  openAccess: false,
  licence: 'cc by',
  journal: '',
  duplicateOf: article.number,
});

function makeArticle(seed: number, number: number, entryDay: string, kind: ArticleKind = 'case'): Article {
  const dice = diceOf(seed * 1_000_003 + number);
  const marker = markerOf(number);
  const disease = diseaseOf(dice);
  const { abstract, body, patients } = textOf(dice, kind, disease, marker);
  const inPmc = dice.chance(0.6);
  const openAccess = inPmc && dice.chance(0.8);
  return {
    number,
    kind,
    marker,
    pmid: String(FIRST_PMID + number),
    pmcid: inPmc ? String(FIRST_PMCID + number) : null,
    ppr: null,
    doi: dice.chance(0.95) ? `10.5555/loopback.${number}` : null,
    title: titleOf(dice, kind, disease, marker),
    journal: journalOf(dice),
    authors: authorsOf(dice),
    abstract,
    body: inPmc ? body : null,
    patients,
    keywords: [disease, symptomOf(dice)],
    licence: openAccess ? dice.pick(['cc by', 'cc by-nc', 'cc by-nc-nd', null] as const) : null,
    openAccess,
    dialect: dice.pick(DIALECTS),
    publishedDay: addDays(entryDay, -dice.whole(0, 20)),
    entryDay,
    changeDay: entryDay,
    version: 1,
    notices: [],
    duplicateOf: null,
  };
}

function titleOf(dice: Dice, kind: ArticleKind, disease: string, marker: string): string {
  const place = marker.charAt(0).toUpperCase() + marker.slice(1);
  switch (kind) {
    case 'series':
      return `${disease} with ${symptomOf(dice)} in the families of ${place}`;
    case 'letter':
      return `Letter: on ${disease} and the register of ${place}`;
    case 'correction':
      return `Correction: ${disease} in ${place}`;
    case 'retraction-notice':
      return `Retraction: ${disease} in ${place}`;
    case 'review':
      return `${disease} in ${place}: a review of the literature`;
    case 'editorial':
      return `Editorial: what ${place} teaches about ${disease}`;
    case 'veterinary':
      return `${disease} in a dog from ${place}`;
    case 'case':
      return `${disease} presenting with ${symptomOf(dice)} at ${place}: a case report`;
  }
}

type Text = Pick<Article, 'abstract' | 'body' | 'patients'>;

function textOf(dice: Dice, kind: ArticleKind, disease: string, marker: string): Text {
  if (kind !== 'case' && kind !== 'series') return asideOf(dice, kind, disease);
  const count = kind === 'case' ? 1 : dice.whole(2, 3);
  const patients = Array.from({ length: count }, () => patientOf(dice, disease, marker));
  const background = backgroundOf(dice, disease);
  const lesson = lessonOf(dice, disease);
  const story =
    count === 1 ? patients.map(storyOf).join('') : patients.map((one, i) => `Case ${i + 1}. ${storyOf(one)}`).join(' ');
  const abstract = dice.chance(0.5)
    ? [
        { heading: 'BACKGROUND', text: background },
        { heading: 'CASE PRESENTATION', text: story },
        { heading: 'CONCLUSION', text: lesson },
      ]
    : [{ heading: null, text: `${background} ${story} ${lesson}` }];
  const sections: Section[] = patients.map((patient, i) => ({
    heading: count === 1 ? 'Case presentation' : `Case ${i + 1}`,
    paragraphs: [patient.presentation, patient.findings, patient.course],
    ...(i === 0 && {
      table: {
        caption: 'Values during the stay',
        rows: [
          ['Day', 'Creatinine (mg/dL)', 'Haemoglobin (g/dL)'],
          ...[1, 3].map((day) => [String(day), dice.decimal(0.5, 6, 1), dice.decimal(6, 15, 1)]),
        ],
      },
    }),
  }));
  const body = [
    { heading: 'Introduction', paragraphs: [background] },
    ...sections,
    { heading: 'Discussion', paragraphs: [lesson] },
  ];
  return { abstract, body, patients: count };
}

function asideOf(dice: Dice, kind: ArticleKind, disease: string): Text {
  const text =
    kind === 'letter'
      ? letterOf(dice, disease)
      : kind === 'veterinary'
        ? veterinaryOf(dice, disease)
        : kind === 'review' || kind === 'editorial'
          ? reviewOf(dice, disease)
          : correctionOf(dice, disease);
  const hasAbstract = kind === 'review' || kind === 'veterinary';
  return {
    abstract: hasAbstract ? [{ heading: null, text }] : [],
    body: [{ heading: 'Text', paragraphs: [text] }],
    patients: 0,
  };
}
