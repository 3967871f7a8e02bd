import { expect, test } from 'vitest';
import { extractCase } from '../core/cases/extract.ts';
import { splitPatients } from '../core/cases/patients.ts';
import { screenDocument } from '../core/cases/screen.ts';
import { distillByRules } from '../core/models/rules.ts';
import { FACETS } from '../schema/vocabulary.ts';
import { ADVERSARIAL_TEXTS } from './support/adversarial-texts.ts';

/** All that happens to a document between its arrival and its release, but for vectors; what comes of it is counted. */
function understand(text: string) {
  const screening = screenDocument(text);
  const patients = splitPatients(text);
  const extracted = extractCase(text);
  const distillate = distillByRules({ extracted, title: text.slice(0, 200) });
  const findings = FACETS.reduce((sum, facet) => sum + (extracted.facets[facet]?.findings.length ?? 0), 0);
  const course = distillate.treatments.length + distillate.complications.length + distillate.secondaryDiagnoses.length;
  return { screening, patients, extracted, distillate, made: findings + course + distillate.rarityEvidence.length };
}

const SMALL = 131_072;
const LARGE = 1_048_576;

// Where reading takes time that grows with the square of the text, these do not end; the guard is the time that a test has. How long they
// take is measured by `test/bench/understand.ts`.
test.each(Object.entries(ADVERSARIAL_TEXTS))(
  'a megabyte is read to its end, and gives at most in proportion what an eighth of it gives: %s',
  { timeout: 60_000 },
  (_, textOf) => {
    const small = understand(textOf(SMALL));
    const large = understand(textOf(LARGE));
    expect(large.made).toBeLessThanOrEqual(9 * small.made + 20);
    // Two findings for three characters would be more than words can say.
    expect(large.made).toBeLessThan(LARGE / 3);
    const { diagnosis, rareReason, rejectionReason, keySymptoms, keyLabs } = large.distillate;
    expect((diagnosis ?? '').length).toBeLessThanOrEqual(200);
    expect((rareReason ?? '').length).toBeLessThanOrEqual(500);
    expect((rejectionReason ?? '').length).toBeLessThanOrEqual(300);
    expect(Math.max(keySymptoms.length, keyLabs.length)).toBeLessThanOrEqual(10);
  },
);
