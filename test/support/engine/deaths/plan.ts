import { FAIL_POINTS, type FailPoint } from '../../../../core/engine/index.ts';

/** What a supervisor tells a child program: the one argument of its command line, as JSON. */
export type Plan = {
  readonly url: string;
  /** Port of the witness on the loopback. */
  readonly witness: number;
  /** Number of this life; the witness writes it beside all that this process does outside. */
  readonly life: number;
  readonly pipeline: 'walk' | 'memory' | 'threads';
  /** End when nothing is left to do; else go on looking for work until killed. */
  readonly untilIdle: boolean;
  /** Whether to take back at once what dead processes of this machine held, as the product does when it starts. */
  readonly recover: boolean;
  /** How long each item takes. */
  readonly itemMs: number;
  /** False: a stage that does not look whether its host is stopping. */
  readonly heedsStop: boolean;
  readonly batchMax: number;
  /** The item that ends its worker, and how. */
  readonly poison: { readonly key: string; readonly how: PoisonKind } | null;
  /** Memory that each item of the pipeline `memory` takes while its batch is worked on, in MiB; `big` items take more than there is. */
  readonly itemMiB: number;
  /** Where that memory is: in the heap of V8, which ends the process, or in buffers, which throw when there is no more. */
  readonly memory: 'heap' | 'buffers';
};

/** Ways in which the text of one item may end the process that reads it. */
export const POISONS = ['exit 139', 'SIGSEGV', 'abort', 'out of memory', 'unhandled rejection', 'exception'] as const;
export type PoisonKind = (typeof POISONS)[number];

export const BASIC: Omit<Plan, 'url' | 'witness' | 'life'> = {
  pipeline: 'walk',
  untilIdle: true,
  recover: true,
  itemMs: 0,
  heedsStop: true,
  batchMax: 4,
  poison: null,
  itemMiB: 0,
  memory: 'heap',
};

/** `label:act:nth`: at the nth time that the engine reaches `label`, the process kills or stops itself. */
export type FailPointSpec = { readonly label: FailPoint; readonly act: 'kill' | 'stop'; readonly nth: number };

export const failPointText = ({ label, act, nth }: FailPointSpec): string => `${label}:${act}:${nth}`;

/** @throws Error for text that is no fail point: a test that fails nowhere would pass for nothing. */
export function readFailPoint(text: string): FailPointSpec {
  const [name, act, nth = ''] = text.split(':');
  const label = FAIL_POINTS.find((one) => one === name);
  if (label === undefined || (act !== 'kill' && act !== 'stop') || !/^[1-9]\d*$/.test(nth))
    throw new Error(`FAILPOINT must be <label>:kill|stop:<nth>, got ${JSON.stringify(text)}`);
  return { label, act, nth: Number(nth) };
}

/** What a child says on its standard output, one JSON line each. */
export type Said =
  | { readonly say: 'ready'; readonly pragmas: Readonly<Record<string, unknown>> }
  | { readonly say: 'batch'; readonly stage: string; readonly counts: Readonly<Record<string, number>> }
  | { readonly say: 'stopping'; readonly signal: string }
  | {
      readonly say: 'end';
      readonly end: string;
      readonly ticks: number;
      readonly passes: Readonly<Record<string, number>>;
    };
