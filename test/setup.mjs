// What the tests need beyond npm: FAISS and a real Chromium. As root on Debian both are installed; elsewhere it says how.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
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
const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium';
if (!existsSync(chromium)) {
  const mayInstall = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
  if (mayInstall) console.log('installing chromium by apt-get …');
  const installed =
    mayInstall &&
    run('apt-get', ['update', '-qq']) &&
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium']);
  if (!installed)
    console.log(
      'no Chromium: the page tests are skipped. To have them: apt-get install -y chromium, or set CHROMIUM=path',
    );
}
