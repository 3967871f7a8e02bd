import { examinationsIn } from './modalities.ts';
import type { Mention, Reading } from './reading.ts';
import { entryIn, mentionsIn } from './reading.ts';

/** In which examination a finding was seen. */
export type Context = {
  /** The modality that a mention was seen with; null where it was not seen on an image. */
  modalityOf(mention: Mention): string | null;
  /** Whether a mention stands among the words of an electrocardiogram. */
  inEcg(mention: Mention): boolean;
  ecgSentence(sentence: number): boolean;
};

const SEEN_ON = new Set('on by at in with via through per'.split(' '));
const ANAPHORS = new Set('it there the this these both no a they follow contrast t1 t2 on multiple'.split(' '));
const OTHER_EXAMINATION = new Set(
  'laboratory blood biopsy histology histopathology histological histopathological pathology pathological microscopic microscopically examination physical surgery laparotomy intraoperatively operation bronchoscopy colonoscopy gastroscopy endoscopy laparoscopy he she patient his her'.split(
    ' ',
  ),
);

type Place = { readonly token: number; readonly term: string };

/** Finds for every sentence which examination it reports, and carries it on into a sentence that goes on about it. */
export function readContext(reading: Reading): Context {
  const { tokens, sentences } = reading;
  const modalities: Place[][] = [];
  const carried: (string | null)[] = [];
  const ecgs: number[] = [];
  let lastModality: string | null = null;
  let lastEcg = false;
  sentences.forEach((sentence, index) => {
    const places: Place[] = examinationsIn(reading, index).map(({ mention, term }) => ({ token: mention.from, term }));
    let ecg = -1;
    for (const mention of mentionsIn(reading, index)) {
      if (ecg < 0 && entryIn(mention, 'ecg recording') !== undefined) ecg = mention.from;
    }
    let goesOn = ANAPHORS.has(tokens.word[sentence.from] ?? '');
    for (let at = sentence.from; goesOn && at < Math.min(sentence.to, sentence.from + 4); at += 1)
      if (OTHER_EXAMINATION.has(tokens.word[at] ?? '')) goesOn = false;
    modalities.push(places);
    carried.push(places.length === 0 && goesOn ? lastModality : null);
    ecgs.push(ecg >= 0 ? ecg : lastEcg && goesOn && places.length === 0 ? sentence.from : -1);
    // Carried one sentence on, not from there to the next.
    lastModality = places.at(-1)?.term ?? null;
    lastEcg = ecg >= 0;
  });

  function modalityOf(mention: Mention): string | null {
    const places = modalities[mention.sentence] ?? [];
    let before: string | null = null;
    for (const place of places) {
      if (place.token < mention.from) before = place.term;
      else if (before === null) {
        for (let at = Math.max(mention.to, place.token - 3); at < place.token; at += 1)
          if (SEEN_ON.has(tokens.word[at] ?? '')) return place.term;
      }
    }
    return before ?? carried[mention.sentence] ?? null;
  }
  return {
    modalityOf,
    inEcg: (mention) => (ecgs[mention.sentence] ?? -1) >= 0,
    ecgSentence: (sentence) => (ecgs[sentence] ?? -1) >= 0,
  };
}
