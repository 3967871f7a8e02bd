import { access, constants, mkdir } from 'node:fs/promises';
import { Command } from 'commander';
import { withoutSecrets } from '../../core/sources/settings.ts';
import { readStatus } from '../../core/status.ts';
import { describeSettings, readConfig, redacted, secretsOf } from '../config.ts';
import { createLog } from '../host/log.ts';
import { openSpace } from '../space.ts';
import { askServices, type Check, sourceChecks } from './doctor-sources.ts';
import { EXIT } from './exit.ts';
import { printJson } from './open.ts';

export const doctorCommand = (): Command =>
  new Command('doctor')
    .description('check settings, disk, database, FAISS and release, and say what to do about each')
    .option('--online', 'ask each literature service whether it answers')
    .option('--json', 'print JSON')
    .action(async (options: { json?: boolean; online?: boolean }) => {
      const checks = await examine(options.online === true);
      if (options.json) printJson({ checks, settings: describeSettings(process.env) });
      else process.stdout.write(format(checks));
      if (checks.some(({ state }) => state === 'failed')) process.exitCode = EXIT.failed;
      else if (checks.some(({ state }) => state === 'degraded')) process.exitCode = EXIT.degraded;
    });

async function examine(online: boolean): Promise<readonly Check[]> {
  const checks: Check[] = [{ name: 'node', state: 'ok', detail: process.version }];
  let config: ReturnType<typeof readConfig>;
  try {
    config = readConfig(process.env);
    checks.push({ name: 'settings', state: 'ok', detail: 'all valid' });
  } catch (error) {
    return [...checks, { name: 'settings', state: 'failed', detail: (error as Error).message }];
  }
  for (const [name, folder] of [
    ['DATA_DIR', config.dataDir],
    ['STORE_DIR', config.storeDir],
  ] as const) {
    try {
      await mkdir(folder, { recursive: true });
      await access(folder, constants.W_OK);
      checks.push({ name, state: 'ok', detail: folder });
    } catch (error) {
      checks.push({ name, state: 'failed', detail: `${folder} cannot be written: ${(error as Error).message}` });
    }
  }
  try {
    const space = await openSpace(config, createLog('silent'));
    checks.push({ name: 'database', state: 'ok', detail: redacted(config.databaseUrl) });
    const faiss = space.faiss.state();
    checks.push(
      faiss.kind === 'unavailable'
        ? {
            name: 'faiss',
            state: 'degraded',
            detail: `${faiss.reason}; search serves without it; set up: npm run faiss`,
          }
        : { name: 'faiss', state: 'ok', detail: 'faiss-node loads in its child process' },
    );
    const status = await readStatus(space.db, space.pipeline, []);
    checks.push(...sourceChecks(config, status.sources));
    if (online) checks.push(...(await askServices(space.outside, config)));
    checks.push({
      name: 'pipeline',
      state: 'ok',
      detail: `stage ${status.stage}, ${status.documents} documents, ${status.cases} cases`,
    });
    if (status.release === null)
      checks.push({
        name: 'release',
        state: 'degraded',
        detail: 'none yet: ingest cases, then "anamnesis run --until-idle"',
      });
    else {
      const wrong = await space.store.verify(status.release.version);
      checks.push(
        wrong.length === 0
          ? { name: 'release', state: 'ok', detail: `release ${status.release.version}, every file matches its hash` }
          : { name: 'release', state: 'failed', detail: `release ${status.release.version}: ${wrong.join('; ')}` },
      );
    }
    await space.close();
  } catch (error) {
    const told = (error as Error).message.replaceAll(config.databaseUrl, redacted(config.databaseUrl));
    const detail = withoutSecrets(told, secretsOf(process.env));
    checks.push({ name: 'database', state: 'failed', detail });
  }
  return checks;
}

function format(checks: readonly Check[]): string {
  const lines = checks.map(({ name, state, detail }) => `${state.padEnd(9)} ${name.padEnd(12)} ${detail}`);
  const settings = describeSettings(process.env).map(
    ({ name, about, value }) => `  ${name.padEnd(22)} ${value.padEnd(10)} ${about}`,
  );
  return [...lines, '', 'settings', ...settings, ''].join('\n');
}
