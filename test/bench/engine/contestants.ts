import { bullmq } from './bullmq.ts';
import { floor } from './floor.ts';
import { graphileWorker } from './graphile-worker.ts';
import { oursOnFile, oursOnSqld } from './ours.ts';
import type { Open, Setting } from './peer.ts';
import { pgBoss } from './pg-boss.ts';
import { plainjob } from './plainjob.ts';

/** One row of the table. */
export type Contestant = {
  readonly id: string;
  readonly title: string;
  /** What an acknowledged completion has behind it. */
  readonly durability: string;
  readonly open: Open;
  readonly batch: number;
  readonly setting: Setting;
  /** Packages that must be installed for it, and the program that must be there. */
  readonly packages: readonly string[];
  readonly program?: 'redis-server' | 'postgres';
  /** How many times as fast (or, for the floor, which part of it) ours on a file must be. */
  readonly target?: number;
};

const FULL = 'fsync per commit (FULL)';
const POSTGRES = 'fsync per commit (synchronous_commit on)';
const BATCH = 256;

export const REFERENCE = 'ours';
export const CPU_US_TARGET = 25;

export const CONTESTANTS: readonly Contestant[] = [
  ours(REFERENCE, BATCH),
  ours('ours-16', 16),
  ours('ours-1', 1),
  {
    ...ours('ours-normal', BATCH),
    title: `ours, file, batch ${BATCH}`,
    durability: 'fsync per checkpoint (NORMAL)',
    setting: 'default',
  },
  {
    ...ours('ours-sqld', BATCH),
    title: `ours, sqld over HTTP, batch ${BATCH}`,
    durability: 'fsync per checkpoint (sqld fixes NORMAL)',
    open: oursOnSqld,
  },
  {
    id: 'floor',
    title: `bare libSQL, batch ${BATCH}`,
    durability: FULL,
    open: floor,
    batch: BATCH,
    setting: 'durable',
    packages: [],
    target: 0.5,
  },
  {
    id: 'plainjob',
    title: 'plainjob, better-sqlite3',
    durability: FULL,
    open: plainjob,
    batch: 1,
    setting: 'durable',
    packages: ['plainjob', 'better-sqlite3'],
    target: 5,
  },
  {
    id: 'plainjob-default',
    title: 'plainjob as it comes',
    durability: 'fsync per checkpoint (NORMAL)',
    open: plainjob,
    batch: 1,
    setting: 'default',
    packages: ['plainjob', 'better-sqlite3'],
  },
  {
    id: 'bullmq',
    title: 'BullMQ, 100 at once',
    durability: 'fsync per command (appendfsync always)',
    open: bullmq,
    batch: 1,
    setting: 'durable',
    packages: ['bullmq'],
    program: 'redis-server',
    target: 8,
  },
  {
    id: 'bullmq-default',
    title: 'BullMQ, 100 at once',
    durability: 'fsync per second (everysec)',
    open: bullmq,
    batch: 1,
    setting: 'default',
    packages: ['bullmq'],
    program: 'redis-server',
  },
  {
    id: 'pg-boss',
    title: `pg-boss, fetch and complete ${BATCH}`,
    durability: POSTGRES,
    open: pgBoss,
    batch: BATCH,
    setting: 'durable',
    packages: ['pg-boss'],
    program: 'postgres',
    target: 5,
  },
  {
    id: 'graphile-worker',
    title: 'graphile-worker, tuned (24 at once, queue 500)',
    durability: POSTGRES,
    open: graphileWorker,
    batch: 500,
    setting: 'durable',
    packages: ['graphile-worker', 'pg'],
    program: 'postgres',
    target: 2,
  },
  {
    id: 'graphile-worker-default',
    title: 'graphile-worker, 4 at once, not tuned',
    durability: POSTGRES,
    open: graphileWorker,
    batch: 1,
    setting: 'default',
    packages: ['graphile-worker', 'pg'],
    program: 'postgres',
  },
];

function ours(id: string, batch: number): Contestant {
  return {
    id,
    title: `ours, file, batch ${batch}`,
    durability: FULL,
    open: oursOnFile,
    batch,
    setting: 'durable',
    packages: [],
  };
}
