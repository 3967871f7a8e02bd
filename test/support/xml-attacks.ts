/** XML that attacks its reader; ours, after the kinds of OWASP's XML security cheat sheet. */
const inArticle = (inside: string): string =>
  `<article><front><article-meta><title-group><article-title>A case report</article-title></title-group></article-meta></front><body><p>${inside}</p></body></article>`;
const laughs = Array.from({ length: 9 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join('');
const MEGABYTE = 1024 * 1024;

export type Attack = {
  readonly name: string;
  readonly bytes: () => Uint8Array;
  /** What must become of it: refused for a reason, or read as if the attack were not there. */
  readonly expected: 'unreadable' | 'too_large' | 'not_utf8' | 'record';
};
const utf8 = (text: string) => new TextEncoder().encode(text);
const attack = (name: string, expected: Attack['expected'], text: () => string): Attack => ({
  name,
  expected,
  bytes: () => utf8(text()),
});

export const XML_ATTACKS: readonly Attack[] = [
  attack('billion laughs', 'unreadable', () => `<!DOCTYPE a [<!ENTITY l0 "ha">${laughs}]>${inArticle('&l9;')}`),
  attack(
    'quadratic blow-up: 100 kB entity, 20,000 times',
    'unreadable',
    () => `<!DOCTYPE a [<!ENTITY x "${'x'.repeat(100_000)}">]>${inArticle('&x;'.repeat(20_000))}`,
  ),
  attack(
    'external entity file:///etc/passwd',
    'unreadable',
    () => `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>${inArticle('&x;')}`,
  ),
  attack(
    'external DTD with an entity of its own',
    'unreadable',
    () => `<!DOCTYPE a SYSTEM "http://127.0.0.1:9/evil.dtd">${inArticle('&evil;')}`,
  ),
  attack(
    'external DTD, unused',
    'record',
    () => `<!DOCTYPE a SYSTEM "file:///etc/passwd">${inArticle('A 45-year-old man had fever.')}`,
  ),
  attack(
    'parameter entities',
    'unreadable',
    () => `<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p.dtd">%p;]>${inArticle('x')}`,
  ),
  attack('XInclude and a style sheet', 'record', () =>
    inArticle(
      '<?xml-stylesheet href="file:///etc/passwd"?><xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>',
    ),
  ),
  attack('200,000 elements deep', 'too_large', () => inArticle(`${'<i>'.repeat(200_000)}${'</i>'.repeat(200_000)}`)),
  attack('100,000 attributes', 'too_large', () =>
    inArticle(`<i ${Array.from({ length: 100_000 }, (_, i) => `a${i}="1"`).join(' ')}/>`),
  ),
  attack('one attribute of 3 MB', 'too_large', () => inArticle(`<i a="${'x'.repeat(3 * MEGABYTE)}"/>`)),
  attack('50 MB of text', 'too_large', () => inArticle('x'.repeat(50 * MEGABYTE))),
  attack('3.9 MB of text', 'record', () => inArticle('fever '.repeat(650_000))),
  attack('3.9 MB of references', 'record', () => inArticle('&amp;'.repeat(780_000))),
  attack('900,000 empty elements', 'too_large', () => inArticle('<i/>'.repeat(900_000))),
  attack('<! 200,000 times', 'unreadable', () => '<!'.repeat(200_000)),
  attack('<!-- 200,000 times', 'unreadable', () => '<!--'.repeat(200_000)),
  attack('bad character references', 'unreadable', () => inArticle('&#0;&#x110000;&#xD800;&#xFFFFFFFFFFFF;')),
  attack('a reference of 1 MB', 'unreadable', () => inArticle(`&${'x'.repeat(MEGABYTE)};`)),
  attack('cut in the middle', 'unreadable', () => inArticle('A 45-year-old man').slice(0, -30)),
  attack('UTF-7 declared', 'not_utf8', () => `<?xml version="1.0" encoding="UTF-7"?>${inArticle('+ADw-script+AD4-')}`),
  attack('table of 1,000 x 1,000 spans', 'record', () =>
    inArticle(
      `<table>${`<tr>${'<td colspan="9999" rowspan="9999">aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa</td>'.repeat(10)}</tr>`.repeat(1_000)}</table>`,
    ),
  ),
  attack('names of the prototype', 'record', () =>
    inArticle('<__proto__ __proto__="1" constructor="2"><constructor/></__proto__>'),
  ),
];
