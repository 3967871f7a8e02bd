import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { splitPatients } from '../core/cases/patients.ts';
import { isoDate, medlineDate } from '../core/sources/dates.ts';
import { texText } from '../core/sources/formats/formula.ts';
import { markupText } from '../core/sources/formats/markup.ts';
import { licenceOf } from '../core/sources/licence.ts';
import { type DocumentFormat, type DocumentRecord, readDocument } from '../core/sources/record.ts';
import { FORMAT_OF_ELEMENT, slices } from '../core/sources/slices.ts';

const fixture = (name: string) => readFileSync(fileURLToPath(new URL(`./fixtures/sources/${name}`, import.meta.url)));
const shared = fileURLToPath(new URL('../../shared/data/adapters/', import.meta.url));
const absent = !existsSync(shared);
const utf8 = (text: string) => new TextEncoder().encode(text);

function recordOf(format: DocumentFormat, bytes: Uint8Array): DocumentRecord {
  const reading = readDocument(format, bytes, 'fallback');
  if (reading.kind === 'refused') throw new Error(`${reading.reason}: ${reading.detail}`);
  return reading.record;
}
const recordsOf = (bytes: Uint8Array): readonly DocumentRecord[] =>
  slices(bytes).map(({ element, bytes: cut }) =>
    recordOf(FORMAT_OF_ELEMENT[element] ?? 'text', cut ?? new Uint8Array()),
  );
const reasonOf = ({ setAside }: DocumentRecord) => setAside?.reason ?? 'case';

describe('PubMed and MEDLINE', () => {
  const [fever, hearts, retraction, horse, tooth, book] = recordsOf(fixture('pubmed-set.xml')) as [
    DocumentRecord,
    DocumentRecord,
    DocumentRecord,
    DocumentRecord,
    DocumentRecord,
    DocumentRecord,
  ];

  test('a case with labelled sections, ids from their own places, and what was published about it', () => {
    expect(fever.key).toBe('PMID_90000001');
    expect(fever.text.split('\n')).toEqual([
      'Syncope in a glass blower: hidden Brugada pattern & fever.',
      'Background',
      'Fever can show the pattern.',
      'Case presentation',
      'A 34-year-old man fainted at work. Leukocytes were 12.1 × 10^9/L.',
      'He recovered within a week.',
    ]);
    expect(fever.setAside).toBeUndefined();
    expect(fever.publication).toEqual({
      source: 'pubmed',
      title: 'Syncope in a glass blower: hidden Brugada pattern & fever.',
      authors: ['Ada B Okafor', 'Fever and Rhythm Group'],
      journal: 'Invented Journal of Cases',
      publicationDate: '2019-07',
      pmid: '90000001',
      pmcid: 'PMC9000001',
      doi: '10.5555/ijc.2019.1',
      url: 'https://pubmed.ncbi.nlm.nih.gov/90000001/',
      licence: null,
      lang: 'en',
      articleType: 'Case Reports; Journal Article',
      state: 'current',
      notices: [
        { kind: 'erratum', reference: 'PMID 90000009' },
        { kind: 'comment', reference: 'Invented J Cases. 2020;1:3' },
      ],
      openAccess: null,
      fullText: false,
    });
  });

  test('what was retracted says so and makes no case; the notice of it is told apart', () => {
    expect(hearts.publication.state).toBe('retracted');
    expect(hearts.publication.notices).toEqual([{ kind: 'retraction', reference: 'PMID 90000003' }]);
    expect(hearts.publication.publicationDate).toBe('2020-02-07');
    expect(reasonOf(hearts)).toBe('not_current');
    expect(retraction.publication.state).toBe('current');
    expect(reasonOf(retraction)).toBe('retraction_notice');
  });

  test('animals without humans are veterinary, in whatever words', () => {
    expect(reasonOf(horse)).toBe('veterinary');
    expect(horse.text).toContain('</PubmedArticle> and lived on');
    expect(horse.publication.publicationDate).toBe('2018-03');
  });

  test('a letter with a patient of its own is a case, its translated title without brackets, its impossible date a year', () => {
    expect(reasonOf(tooth)).toBe('case');
    expect(tooth.publication).toMatchObject({
      title: 'Pericarditis after a tooth extraction',
      lang: 'es',
      publicationDate: '2017',
    });
  });

  test('a chapter of a book is a review', () => {
    expect(book.publication).toMatchObject({
      pmid: '90000006',
      title: 'Long QT syndrome',
      journal: 'Invented Handbook',
      authors: ['Eva Lund'],
    });
    expect(reasonOf(book)).toBe('review');
  });
});

describe('JATS', () => {
  const welders = recordOf('jats', fixture('jats-case-series.xml'));

  test('what it says about itself', () => {
    expect(welders.key).toBe('PMC_9000011');
    expect(welders.publication).toEqual({
      source: 'pmc',
      title: 'Two welders with “electric” hearts: what the arc did',
      authors: ['Ken Ito', 'The Arc Group'],
      journal: 'Invented Journal of Rhythm',
      publicationDate: '2021-11-03',
      pmid: '90000011',
      pmcid: 'PMC9000011',
      doi: '10.5555/rhythm.11',
      url: 'https://pmc.ncbi.nlm.nih.gov/articles/PMC9000011/',
      licence: 'CC BY-NC-ND 4.0',
      lang: 'en',
      articleType: 'research-article; Case Series',
      state: 'current',
      notices: [{ kind: 'erratum', reference: '10.5555/rhythm.99' }],
      openAccess: true,
      fullText: true,
    });
    expect(reasonOf(welders)).toBe('case');
  });

  test('its story as lines: headings, paragraphs without citations, lists, tables row by row, formulas, captions', () => {
    expect(welders.text.split('\n')).toEqual([
      'Two welders with “electric” hearts: what the arc did',
      'Abstract',
      'Objective',
      'To tell of two welders.',
      'Results',
      'Both lived.',
      'Introduction',
      'Arcs are hot. So is Rossi et al. (Rossi 2010).',
      'Case presentation',
      'Case 1',
      'A 45-year-old man was found on the floor of his workshop beside the torch. Platelets were 210 × 10^9/L and BMI 31 kg/m2.',
      'Table 1. Laboratory values.',
      'Test: Troponin T; Day 1: 120 ng/L; Day 3: 40 ng/L.',
      'Test: Potassium; Day 1: 4.1 mmol/L; Day 3: 4.1 mmol/L.',
      'Case 2',
      'A 30-year-old woman had palpitations after a shock of 380 V:',
      'QTc was QT/(√(RR)) = 510 ms',
      'no syncope',
      'She was given magnesium.',
      'dose ≤ 2 × 10^3 μ g',
      'Figure 1. Electrocardiogram. Broad T waves.',
      'Discussion',
      'Both patients lived.',
    ]);
  });

  test('its two patients are told apart by their headings, each with the table that is his or hers', () => {
    const patients = splitPatients(welders.text);
    expect(patients.map(({ label }) => label)).toEqual(['Case 1', 'Case 2']);
    expect(patients.map(({ text }) => text.includes('Troponin'))).toEqual([true, false]);
    expect(patients.map(({ text }) => text.includes('magnesium'))).toEqual([false, true]);
  });

  const article = (meta: string, body = '<p>Nothing.</p>', attributes = 'article-type="case-report"', before = '') =>
    recordOf(
      'jats',
      utf8(
        `<article ${attributes}>${before}<front><article-meta>${meta}</article-meta></front><body>${body}</body></article>`,
      ),
    );
  const PATIENT =
    '<p>A 45-year-old man was admitted to our hospital with fever and a rash, and recovered after two weeks of treatment.</p>';
  const titled = (title: string) => `<title-group><article-title>${title}</article-title></title-group>`;

  test.each([
    ['a retracted article', titled('RETRACTED: Fever'), '', 'retracted', 'not_current'],
    [
      'one that links to its retraction',
      `${titled('Fever')}<related-article related-article-type="retraction-forward" xlink:href="10.5555/r"/>`,
      '',
      'retracted',
      'not_current',
    ],
    ['one that was withdrawn', titled('WITHDRAWN: Fever'), '', 'withdrawn', 'not_current'],
    [
      'one of which concern was expressed',
      `${titled('Fever')}<related-article related-article-type="expression-of-concern-forward" xlink:href="10.5555/c"/>`,
      '',
      'current',
      'case',
    ],
    [
      'the retraction',
      `${titled('Fever')}<related-article related-article-type="retracted-article" xlink:href="10.5555/a"/>`,
      'article-type="retraction"',
      'current',
      'retraction_notice',
    ],
    [
      'the correction',
      titled('Correction to: Fever, a case report'),
      'article-type="correction"',
      'current',
      'correction',
    ],
  ])('%s', (_, meta, attributes, state, reason) => {
    const record = article(meta, PATIENT, attributes || undefined);
    expect([record.publication.state, reasonOf(record)]).toEqual([state, reason]);
  });

  test('of an article in another language its English translation is read', () => {
    const bytes = utf8(
      `<article article-type="case-report" xml:lang="pt"><front><article-meta>${titled('Febre')}<article-id pub-id-type="pmcid">PMC7</article-id></article-meta></front><body><p>Um homem.</p></body><sub-article article-type="translation" xml:lang="en"><front-stub>${titled('Fever')}</front-stub><body>${PATIENT}</body></sub-article></article>`,
    );
    const record = recordOf('jats', bytes);
    expect([record.key, record.publication.title, record.publication.lang]).toEqual(['PMC_7', 'Fever', 'en']);
    expect(record.text).not.toContain('homem');
  });

  test('what the publisher keeps is no full text, and not open', () => {
    const record = article(
      `${titled('Fever: a case report')}<abstract>${PATIENT}</abstract>`,
      '',
      undefined,
      '<!--The publisher of this article does not allow downloading of the full text in XML form.-->',
    );
    expect([record.publication.fullText, record.publication.openAccess, reasonOf(record)]).toEqual([
      false,
      false,
      'case',
    ]);
  });

  test('a document without ids is called after its DOI or else its file', () => {
    expect(
      article(`${titled('x')}<article-id pub-id-type="doi">https://doi.org/10.5555/a(b)&lt;c&gt;</article-id>`).key,
    ).toBe('DOI_10.5555/a(b)_c_');
    expect(article(titled('x')).key).toBe('fallback');
  });
});

describe('BioC', () => {
  const passages = [
    {
      infons: {
        section_type: 'TITLE',
        type: 'front',
        'article-id_pmc': '55',
        'article-id_pmid': '66',
        'article-id_doi': '10.5555/b',
        name_0: 'surname:Lund;given-names:Eva',
        year: '2020',
        license: 'CC BY',
      },
      text: 'A boy with fever',
    },
    { infons: { section_type: 'ABSTRACT', type: 'abstract' }, text: 'We report a 7-year-old boy.' },
    { infons: { section_type: 'CASE', type: 'title_1' }, text: 'Case report' },
    { infons: { section_type: 'CASE', type: 'paragraph' }, text: 'A 7-year-old boy came with fever & rash.' },
    {
      infons: {
        section_type: 'TABLE',
        type: 'table',
        xml: '<table><tr><th>Test</th><th>Value</th></tr><tr><td>CRP</td><td>12</td></tr></table>',
      },
      text: 'Test\tValue\tCRP\t12',
    },
    { infons: { section_type: 'REF', type: 'ref' }, text: 'Somebody. 2001.' },
  ];
  const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const xml = `<collection><source>PMC</source><document><id>PMC55</id>${passages
    .map(
      ({ infons, text }) =>
        `<passage>${Object.entries(infons)
          .map(([key, value]) => `<infon key="${key}">${escaped(value)}</infon>`)
          .join('')}<text>${escaped(text)}</text></passage>`,
    )
    .join('')}</document></collection>`;
  test.each([
    ['XML', xml],
    ['JSON', JSON.stringify([{ documents: [{ id: 'PMC55', passages }] }])],
    ['JSON of one document', JSON.stringify({ id: 'PMC55', passages })],
  ])('as %s', (_, text) => {
    const record = recordOf('bioc', utf8(text));
    expect(record.key).toBe('PMC_55');
    expect(record.text.split('\n')).toEqual([
      'A boy with fever',
      'Abstract',
      'We report a 7-year-old boy.',
      'Case report',
      'A 7-year-old boy came with fever & rash.',
      'Test: CRP; Value: 12.',
    ]);
    expect(record.publication).toMatchObject({
      pmid: '66',
      pmcid: 'PMC55',
      doi: '10.5555/b',
      authors: ['Eva Lund'],
      publicationDate: '2020',
      licence: 'CC BY',
    });
    expect(reasonOf(record)).toBe('case');
  });
  test('the page that says that there is none is refused', () => {
    expect(readDocument('bioc', utf8('[Error] : No result can be found. <BR><HR>'), 'x')).toMatchObject({
      kind: 'refused',
      reason: 'unreadable',
    });
  });
});

describe('Europe PMC', () => {
  const result = (more: object) =>
    utf8(
      JSON.stringify({
        id: '77',
        source: 'MED',
        pmid: '77',
        title: 'A man with <i>fever</i>: a case report.',
        abstractText:
          '<h4>Background</h4>Fever &amp; rash.<h4>Case</h4>A 40-year-old man came to our clinic with both of them; 5 &lt; 6 x 10<sup>9</sup>/L.',
        ...more,
      }),
    );
  test('one result', () => {
    const record = recordOf(
      'epmc',
      result({
        pmcid: 'PMC78',
        doi: '10.5555/e',
        license: 'cc by-nc-nd',
        isOpenAccess: 'Y',
        language: 'eng',
        firstPublicationDate: '2024-05-06',
        pubTypeList: { pubType: ['Case Reports', 'case-report'] },
        authorList: {
          author: [{ fullName: 'Lund E', firstName: 'Eva', lastName: 'Lund' }, { collectiveName: 'Fever Group' }],
        },
        journalInfo: { journal: { title: 'Invented' } },
        commentCorrectionList: {
          commentCorrection: [{ id: '79', source: 'MED', type: 'Erratum in' }, { type: 'Erratum for' }],
        },
      }),
    );
    expect(record.key).toBe('PMID_77');
    expect(record.text.split('\n')).toEqual([
      'A man with fever: a case report.',
      'Background',
      'Fever & rash.',
      'Case',
      'A 40-year-old man came to our clinic with both of them; 5 < 6 x 10^9/L.',
    ]);
    expect(record.publication).toMatchObject({
      source: 'europe-pmc',
      title: 'A man with fever: a case report.',
      authors: ['Eva Lund', 'Fever Group'],
      journal: 'Invented',
      publicationDate: '2024-05-06',
      pmcid: 'PMC78',
      licence: 'CC BY-NC-ND',
      lang: 'en',
      state: 'current',
      notices: [{ kind: 'erratum', reference: 'PMID 79' }],
      openAccess: true,
      fullText: false,
    });
    expect(reasonOf(record)).toBe('case');
  });
  test.each([
    [{ source: 'PPR', id: 'PPR123', pmid: undefined }, 'PPR_123', 'case'],
    [{ pubTypeList: { pubType: ['Retracted Publication'] } }, 'PMID_77', 'not_current'],
    [{ commentCorrectionList: { commentCorrection: [{ type: 'Retraction in' }] } }, 'PMID_77', 'not_current'],
    [{ abstractText: undefined }, 'PMID_77', 'no_text'],
    [{ title: 7, authorList: 'x', pubTypeList: [], journalInfo: null }, 'PMID_77', 'case'],
  ])('%j is %s and %s', (more, key, reason) => {
    const record = recordOf('epmc', result(more));
    expect([record.key, reasonOf(record)]).toEqual([key, reason]);
  });
  test('an error in place of a result is refused', () => {
    expect(readDocument('epmc', utf8('{"errCode":404,"errMsg":"x"}'), 'x')).toMatchObject({
      kind: 'refused',
      reason: 'bad_field',
    });
  });
});

describe('parts', () => {
  test.each([
    ['http://creativecommons.org/licenses/by/2.0', 'CC BY 2.0'],
    ['https://creativecommons.org/licenses/by-nc-sa/4.0/', 'CC BY-NC-SA 4.0'],
    ['http://creativecommons.org/publicdomain/zero/1.0/', 'CC0 1.0'],
    ['cc by-nc', 'CC BY-NC'],
    ['Re-use permitted under CC BY-NC. No commercial re-use.', 'CC BY-NC'],
    ['distributed under the terms of the Creative Commons Attribution License, which permits use', 'CC BY'],
    ['This is under the Creative Commons Attribution-NonCommercial-NoDerivatives License', 'CC BY-NC-ND'],
    ['Creative Commons Attribution Non-Commercial Licence 4.0', 'CC BY-NC 4.0'],
    ['All rights reserved. This success by care.', null],
  ])('the licence of %j is %s', (said, short) => {
    expect(licenceOf(said)).toBe(short);
  });
  test.each([
    ['1998 Dec-1999 Jan', '1998-12'],
    ['2000 Spring', '2000-03'],
    ['2015 Dec 5-11', '2015-12-05'],
    ['1976-1977', '1976'],
    ['Fall 2003', '2003'],
    ['undated', null],
  ])('MEDLINE date %s is %s', (text, date) => {
    expect(medlineDate(text)).toBe(date);
  });
  test('a day that no calendar has is left out', () => {
    expect([isoDate('2023', '2', '29'), isoDate('2024', '2', '29'), isoDate('20', '1', '1')]).toEqual([
      '2023-02',
      '2024-02-29',
      null,
    ]);
  });
  test('TeX and HTML become text', () => {
    expect(texText('$$\\mathrm{QTc} = \\frac{QT}{\\sqrt{RR}} \\approx 480\\,\\text{ms}$$')).toBe(
      'QTc = QT/(√(RR)) ≈ 480 ms',
    );
    expect(markupText('<p>p &lt; .05, 2 < 3</p><ul><li>a</li><li>b</li></ul>')).toBe('p < .05, 2 < 3\na\nb');
  });
});

describe('no bytes make a reader throw', () => {
  const seeds: readonly (readonly [DocumentFormat, Uint8Array])[] = [
    ['jats', fixture('jats-case-series.xml')],
    ['medline', slices(fixture('pubmed-set.xml'))[0]?.bytes ?? new Uint8Array()],
    [
      'bioc',
      utf8(
        '<collection><document><id>1</id><passage><infon key="type">front</infon><text>A boy with fever &amp; rash</text></passage></document></collection>',
      ),
    ],
    ['bioc', utf8('{"documents":[{"id":"1","passages":[{"infons":{"type":"front"},"text":"A boy"}]}]}')],
    [
      'epmc',
      utf8(
        '{"id":"1","source":"MED","title":"A <b>boy</b>","abstractText":"<h4>Case</h4>He &amp; she","pubTypeList":{"pubType":["x"]}}',
      ),
    ],
  ];
  const mutation = fc.oneof(
    fc.record({ kind: fc.constant('cut' as const), at: fc.double({ min: 0, max: 1, noNaN: true }) }),
    fc.record({
      kind: fc.constant('flip' as const),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      byte: fc.nat(255),
    }),
    fc.record({ kind: fc.constant('drop' as const), nth: fc.nat(400) }),
    fc.record({ kind: fc.constant('double' as const), at: fc.double({ min: 0, max: 1, noNaN: true }) }),
  );
  type Mutation = typeof mutation extends fc.Arbitrary<infer Kind> ? Kind : never;
  function mutate(bytes: Uint8Array, how: Mutation): Uint8Array {
    if (how.kind === 'cut') return bytes.slice(0, Math.floor(how.at * bytes.byteLength));
    if (how.kind === 'double')
      return Uint8Array.from([...bytes.slice(0, Math.floor(how.at * bytes.byteLength)), ...bytes]);
    const copy = bytes.slice();
    if (how.kind === 'flip') {
      copy[Math.floor(how.at * (bytes.byteLength - 1))] = how.byte;
      return copy;
    }
    // One tag, or string, less.
    let nth = 0;
    return utf8(new TextDecoder().decode(copy).replace(/<[^>]*>|"[^"]*"/g, (part) => (nth++ === how.nth ? '' : part)));
  }
  test.each(seeds.map(([format, bytes], place) => [`${format} ${place}`, format, bytes] as const))(
    '%s',
    (_, format, bytes) => {
      fc.assert(
        fc.property(fc.array(mutation, { minLength: 1, maxLength: 3 }), (mutations) => {
          const reading = readDocument(format, mutations.reduce(mutate, bytes), 'x');
          expect(reading.kind === 'record' ? typeof reading.record.text : reading.detail.length).toBeTruthy();
        }),
        { numRuns: 250 },
      );
    },
  );
});

describe('recorded files (skipped without the shared data)', () => {
  const read = (file: string) => recordsOf(readFileSync(`${shared}${file}`));
  /** By reading each file's title, type and abstract. */
  const JATS: Readonly<Record<string, string>> = {
    'PMC13261293.xml': 'veterinary',
    'PMC12634591.xml': 'correction',
    'PMC13244564.xml': 'letter',
    'PMC13255143.xml': 'review',
    '10_1136_jitc-2024-010530.xml': 'editorial',
    '10_3389_fimmu_2025_1706172.xml': 'editorial',
    '10_32604_or_2025_071708.xml': 'editorial',
    'PMC13249065.xml': 'editorial',
    'pntd.0002065.nxml': 'veterinary',
    'acmi.0.000530.v1.xml': 'case',
    // An introduction to a feature section under the type of research.
    'PMC2852030.xml': 'research',
  };
  test.skipIf(absent)('each JATS file is a case or set aside as what it is', () => {
    const wrong = readdirSync(`${shared}jats`).flatMap((file) => {
      const got = read(`jats/${file}`).map(reasonOf).join();
      return got === (JATS[file] ?? 'research') ? [] : [`${file}: ${got}`];
    });
    expect(wrong).toEqual([]);
    expect(read('eutils/efetch_pmc.xml').map(reasonOf)).toEqual(['correction']);
  });
  test.skipIf(absent)('the MEDLINE file gives every citation its title and date, and the one case report stays', () => {
    const all = read('medline/medline16n0902.xml');
    expect(all.filter(({ publication }) => publication.title && publication.publicationDate)).toHaveLength(604);
    expect(all.filter(({ publication }) => publication.authors.includes('')).length).toBe(0);
    const typed = all.filter(({ publication }) => publication.articleType?.includes('Case Reports'));
    expect(typed.map(reasonOf)).toEqual(['case']);
    expect(
      all.filter(({ publication }) => publication.articleType?.includes('Published Erratum')).map(reasonOf),
    ).toEqual(['correction']);
    expect(
      all.filter(({ publication }) => /^Editorial\b|; Editorial\b/.test(publication.articleType ?? '')).map(reasonOf),
    ).not.toContain('case');
    expect(all.filter(({ publication }) => publication.lang === 'it')).toHaveLength(18);
    expect(all.flatMap(({ publication }) => publication.notices.filter(({ kind }) => kind === 'erratum'))).toHaveLength(
      1,
    );
  });
});
