const PARTS = 'by(?:-nc)?(?:-nd|-sa)?';
const ADDRESS = new RegExp(
  `creativecommons\\.org/(?:licenses/(${PARTS})(?:/(\\d\\.\\d))?|publicdomain/(zero|mark)(?:/(\\d\\.\\d))?)`,
  'i',
);
const SHORT = new RegExp(`\\bcc[- ]?(${PARTS.replaceAll('-', '[- ]')}|0|zero)\\b(?:[- ](?:v\\.? ?)?(\\d\\.\\d))?`, 'i');
const WORDS =
  /creative commons attribution((?:[- –,]{1,3}(?:non-?commercial|no-?derivative(?:s|works)?|share-?alike))*)(?:[- ](?:international|unported))?(?: licen[cs]e)?(?:,? ?\(?(?:version )?(\d\.\d))?/i;

/**
 * The short name of a licence, `CC BY-NC 4.0`, from its address, short form or wording; null where it is none that is known.
 * The version is left out where nobody says it.
 */
export function licenceOf(...said: readonly (string | null | undefined)[]): string | null {
  const texts = said.filter((text): text is string => typeof text === 'string').map((text) => text.slice(0, 4_000));
  for (const text of texts) {
    const address = ADDRESS.exec(text);
    if (address?.[1] !== undefined) return named(address[1], address[2]);
    if (address?.[3] !== undefined)
      return address[3].toLowerCase() === 'zero' ? named0(address[4]) : 'Public Domain Mark';
  }
  for (const text of texts) {
    const short = SHORT.exec(text);
    if (short?.[1] !== undefined)
      return /^(?:0|zero)$/i.test(short[1]) ? named0(short[2]) : named(short[1].replaceAll(' ', '-'), short[2]);
    const words = WORDS.exec(text);
    if (words !== null) {
      const more = (words[1] ?? '').toLowerCase();
      const parts = [
        'by',
        ...(/commercial/.test(more) ? ['nc'] : []),
        ...(/derivative/.test(more) ? ['nd'] : []),
        ...(/alike/.test(more) ? ['sa'] : []),
      ];
      return named(parts.join('-'), words[2]);
    }
    if (/\bcc0\b|public domain/i.test(text)) return 'CC0';
  }
  return null;
}

const named = (parts: string, version: string | undefined): string =>
  `CC ${parts.toUpperCase()}${version === undefined ? '' : ` ${version}`}`;
const named0 = (version: string | undefined): string => `CC0${version === undefined ? '' : ` ${version}`}`;
