// What the tests need beyond npm: FAISS, a real Chromium and a clock that jumps. As root on Debian all are installed; elsewhere it says how.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const run = (command, args) =>
  spawnSync(command, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: 600_000,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  }).status === 0;

spawnSync(process.execPath, [fileURLToPath(new URL('../space/faiss/setup.mjs', import.meta.url))], {
  stdio: 'inherit',
});
const mayInstall = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
const install = (name) => {
  if (!mayInstall) return false;
  console.log(`installing ${name} by apt-get …`);
  return run('apt-get', ['update', '-qq']) && run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', name]);
};

const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium';
if (!existsSync(chromium) && !install('chromium'))
  console.log(
    'no Chromium: the page tests are skipped. To have them: apt-get install -y chromium, or set CHROMIUM=path',
  );
const faketime = readdirSync('/usr/lib').some((folder) => existsSync(`/usr/lib/${folder}/faketime/libfaketime.so.1`));
if (!faketime && !install('libfaketime'))
  console.log(
    'no libfaketime: the tests of clocks that jump are skipped. To have them: apt-get install -y libfaketime',
  );
