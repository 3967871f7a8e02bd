import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { readDocument } from '../../core/sources/record.ts';
import { XML_ATTACKS } from '../support/xml-attacks.ts';

/**
 * Reads each attack in a process of its own: `node --import tsx test/bench/xml-attacks.ts`; with a number that one alone, for
 * `strace -f -e trace=openat,connect`.
 */
const [which] = process.argv.slice(2);
if (which === undefined) {
  const baseline = run(-1);
  const rows = XML_ATTACKS.map((attack, place) => ({ attack: attack.name, expected: attack.expected, ...run(place) }));
  console.table(rows.map(({ rssMB, ...row }) => ({ ...row, 'RSS over idle, MB': Math.round(rssMB - baseline.rssMB) })));
  const wrong = rows.filter(({ expected, got }) => expected !== got).length;
  console.info(
    `S16: ${rows.length} payloads, ${wrong} wrong; longest ${Math.max(...rows.map(({ ms }) => ms))} ms; most memory ${Math.round(Math.max(...rows.map(({ rssMB }) => rssMB)) - baseline.rssMB)} MB over idle`,
  );
} else {
  const attack = XML_ATTACKS[Number(which)];
  const bytes = attack?.bytes() ?? new Uint8Array();
  const started = performance.now();
  const reading = readDocument('jats', bytes, 'attack', { now: () => performance.now() });
  const ms = Math.round((performance.now() - started) * 10) / 10;
  const got = reading.kind === 'record' ? 'record' : reading.reason;
  process.stdout.write(
    JSON.stringify({ got, ms, rssMB: process.resourceUsage().maxRSS / 1024 - bytes.byteLength / 1024 / 1024 }),
  );
}

function run(place: number): { readonly got: string; readonly ms: number; readonly rssMB: number } {
  const self = fileURLToPath(import.meta.url);
  return JSON.parse(execFileSync(process.execPath, ['--import', 'tsx', self, String(place)], { encoding: 'utf8' }));
}
