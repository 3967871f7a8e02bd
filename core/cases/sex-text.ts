import type { Sex } from '../../schema/vocabulary.ts';
import type { Tokens } from './tokens.ts';

const listed = (sex: Sex, words: string): readonly (readonly [string, Sex])[] =>
  words.split(' ').map((word) => [word, sex] as const);

export const SEX_OF: ReadonlyMap<string, Sex> = new Map([
  ...listed('female', 'woman female girl lady women females girls gentlewoman schoolgirl housewife'),
  ...listed('male', 'man male boy gentleman men males boys schoolboy'),
]);
export const PRONOUN_SEX: ReadonlyMap<string, Sex> = new Map([
  ...listed('female', 'she her herself'),
  ...listed('male', 'he his him himself'),
]);
/** Organs and states that one sex has. A newborn's report names those of the mother. */
export const ORGAN_SEX: ReadonlyMap<string, Sex> = new Map([
  ...listed(
    'female',
    'pregnant pregnancy uterus uterine ovary ovaries ovarian vaginal vagina cervix hysterectomy menopause postmenopausal gravida primigravida multigravida primigravid postpartum breastfeeding lactating vulvar endometrial endometriosis parturient multiparous nulliparous menarche amenorrhea',
  ),
  ...listed(
    'male',
    'prostate prostatic testicular testis testes penile penis scrotal scrotum prostatectomy orchiectomy',
  ),
]);
const GENDER_WORDS = new Set('transgender transsexual trans'.split(' '));

/** What the text says of a transgender person: the words of the gender, and the sex assigned at birth where it is stated. */
export function transgenderAt(
  tokens: Tokens,
  at: number,
  end: number,
): { readonly gender: string | null; readonly assigned: Sex | null; readonly to: number } | null {
  const word = (index: number) => (index < end ? (tokens.word[index] ?? '') : '');
  if (GENDER_WORDS.has(word(at))) {
    const noun = word(at + 1);
    if (word(at) === 'trans' && !SEX_OF.has(noun)) return null;
    const gender = SEX_OF.has(noun) ? `transgender ${noun}` : 'transgender';
    return { gender, assigned: null, to: SEX_OF.has(noun) ? at + 2 : at + 1 };
  }
  if (word(at) === 'assigned') {
    const noun = [at + 1, at + 2, at - 1].find((index) => SEX_OF.has(word(index)));
    const isBirth = [1, 2, 3, 4].some((step) => word(at + step) === 'birth');
    return noun === undefined || !isBirth
      ? null
      : { gender: null, assigned: SEX_OF.get(word(noun)) ?? null, to: at + 1 };
  }
  if ((word(at) === 'natal' || word(at) === 'biological' || word(at) === 'biologically') && SEX_OF.has(word(at + 1)))
    return { gender: null, assigned: SEX_OF.get(word(at + 1)) ?? null, to: at + 2 };
  // `male-to-female`
  const target = word(at + 1) === '-' ? at + 2 : at + 1;
  const last = word(target + 1) === '-' ? target + 2 : target + 1;
  if (SEX_OF.has(word(at)) && word(target) === 'to' && SEX_OF.has(word(last)))
    return { gender: 'transgender', assigned: SEX_OF.get(word(at)) ?? null, to: last + 1 };
  return null;
}
