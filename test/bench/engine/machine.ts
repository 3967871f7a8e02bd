import { execFileSync } from 'node:child_process';
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { cpus, loadavg, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { median } from './table.ts';

/** What the numbers depend on. */
export function machine(): string {
  const gib = Math.round(totalmem() / 2 ** 30);
  return [
    `${cpus().length} x ${cpus()[0]?.model.trim()}, ${gib} GiB, Linux ${release()}, Node ${process.version}`,
    `disk under ${tmpdir()}: ${filesystem()}, one fdatasync of 4 KiB takes ${fsyncMs().toFixed(2)} ms (median of 200)`,
  ].join('\n');
}

export const load = (): string => (loadavg()[0] ?? 0).toFixed(1);

function filesystem(): string {
  try {
    const lines = execFileSync('df', ['--output=fstype', tmpdir()], { encoding: 'utf8' }).trim().split('\n');
    return lines.at(-1) ?? 'unknown';
  } catch {
    return 'unknown';
  }
}

function fsyncMs(): number {
  const folder = mkdtempSync(join(tmpdir(), 'bench-fsync-'));
  const file = openSync(join(folder, 'file'), 'w');
  const page = Buffer.alloc(4_096, 1);
  try {
    return median(
      Array.from({ length: 200 }, () => {
        const startedMs = performance.now();
        writeSync(file, page);
        fdatasyncSync(file);
        return performance.now() - startedMs;
      }),
    );
  } finally {
    closeSync(file);
    rmSync(folder, { recursive: true, force: true });
  }
}
