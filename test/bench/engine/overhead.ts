/**
 * What checkpoints cost the whole pipeline on real cases.
 *   npx tsx test/bench/engine/overhead.ts FILE…        (settings from the environment, such as EMBEDDER)
 * Takes the files in, then works the pipeline to its end in one thread. Everything in a tick that is neither the work of a
 * stage nor the writing of what it made counts as checkpoint: looking, claiming, fencing, settling, audit. The COMMIT of a
 * transaction counts for what was made where it holds rows of that, which would need it anyway. Exit 1 above the target.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Pipeline, type Stage, tick } from '../../../core/engine/index.ts';
import { live } from '../../support/kills.ts';
import { load, machine } from './machine.ts';

const SHARE_TARGET = 0.01;
const files = process.argv.slice(2);
if (files.length === 0) throw new Error('give one or more files of cases');

/** Tables that the pipeline's stages fill; all others are the engine's. */
const PRODUCT =
  /^\s*(?:WITH[\s\S]*?)?(?:INSERT (?:OR \w+ )?INTO|UPDATE|DELETE FROM)\s+(document|publication|patient_case|facet\w*|distillate|vector|generation|release\w*|case\w*)\b/i;

type Prepared = { run: (...args: unknown[]) => unknown; all: (...args: unknown[]) => unknown };
const Libsql = createRequire(createRequire(import.meta.url).resolve('@libsql/client'))('libsql') as {
  prototype: { prepare: (sql: string) => Prepared };
};
let productMs = 0;
let holdsProduct = false;
const prepare = Libsql.prototype.prepare;
Libsql.prototype.prepare = function (sql: string): Prepared {
  const prepared = prepare.call(this, sql);
  const product = PRODUCT.test(sql);
  // Statements are kept prepared, so what one counts for is decided at each use.
  for (const name of ['run', 'all'] as const) {
    const act = prepared[name].bind(prepared);
    prepared[name] = (...args) => {
      if (sql.startsWith('BEGIN')) holdsProduct = false;
      holdsProduct ||= product;
      const beganMs = performance.now();
      try {
        return act(...args);
      } finally {
        if (product || (sql === 'COMMIT' && holdsProduct)) productMs += performance.now() - beganMs;
      }
    };
  }
  return prepared;
};

const spent = new Map<string, { workMs: number; items: number; batches: number }>();
const watched = (stage: Stage): Stage => {
  const { process: work } = stage;
  if (work === null) return stage;
  const own = { workMs: 0, items: 0, batches: 0 };
  spent.set(stage.name, own);
  return {
    ...stage,
    process: async (batch, context) => {
      const startedMs = performance.now();
      try {
        return await work(batch, context);
      } finally {
        own.workMs += performance.now() - startedMs;
        own.items += batch.length;
        own.batches += 1;
      }
    },
  };
};

const { readConfig } = await import('../../../space/config.ts');
const { createLog } = await import('../../../space/host/log.ts');
const { openSpace } = await import('../../../space/space.ts');
const folder = mkdtempSync(join(tmpdir(), 'bench-overhead-'));
try {
  const taken = await live(folder, ['ingest', '--file', ...files], null);
  if (taken.exitCode !== 0) throw new Error(`the files were not taken in: ${taken.output}`);
  const space = await openSpace(readConfig({ ...process.env, DATA_DIR: folder }), createLog('warn'));
  const pipeline: Pipeline = { ...space.pipeline, stages: space.pipeline.stages.map(watched) };
  productMs = 0;
  const startedMs = performance.now();
  for (;;) {
    const { after, batches } = await tick(space.db, pipeline, space.runtime, { budgetMs: 60_000 });
    if (after.kind === 'serving') break;
    if (batches === 0) throw new Error(`the pipeline stopped before its end: ${after.kind}`);
  }
  const allMs = performance.now() - startedMs;
  await space.close();
  const workMs = [...spent.values()].reduce((sum, own) => sum + own.workMs, 0);
  const restMs = allMs - workMs - productMs;
  console.log(machine());
  console.log(`load ${load()}`);
  for (const [name, own] of spent)
    console.log(
      `${name.padEnd(10)} ${own.items} items in ${own.batches} batches, ${(own.workMs / 1_000).toFixed(2)} s of work`,
    );
  console.log(
    `run ${(allMs / 1_000).toFixed(2)} s: work ${(workMs / 1_000).toFixed(2)} s, writing what was made ${(productMs / 1_000).toFixed(2)} s, checkpoints ${(restMs / 1_000).toFixed(3)} s`,
  );
  const share = restMs / allMs;
  console.log(
    `${share <= SHARE_TARGET ? 'met   ' : 'MISSED'}  checkpoints take ${(share * 100).toFixed(2)} % of the run, asked ${SHARE_TARGET * 100} %`,
  );
  if (share > SHARE_TARGET) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit();
