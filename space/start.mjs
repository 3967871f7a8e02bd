// `npm start` on a fresh machine: FAISS made ready where it can be, then the sample cases worked and served.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

// Without FAISS the exact scan serves, and the pages say so: a failed set-up does not stop the start.
spawnSync(process.execPath, [fileURLToPath(new URL('./faiss/setup.mjs', import.meta.url))], { stdio: 'inherit' });
process.argv.splice(2, 0, 'serve', '--sample');
await import('./anamnesis.mjs');
