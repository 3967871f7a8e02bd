/** How often the process may crash before it is left alone. */
export type RestartPolicy = {
  /** More crashes than this within `windowMs` is a storm: no further restart. */
  readonly crashesMax: number;
  readonly windowMs: number;
  readonly delayMsFirst: number;
  readonly delayMsMax: number;
};

export const RESTART_POLICY: RestartPolicy = {
  crashesMax: 5,
  windowMs: 60_000,
  delayMsFirst: 200,
  delayMsMax: 5_000,
};

/**
 * How long to wait before the next start, in ms; null to give up. `crashesAtMs` are the instants of all crashes known,
 * the latest included. A first crash costs no wait: searches are waiting for the answer.
 */
export function restartDelayMs(crashesAtMs: readonly number[], nowMs: number, policy: RestartPolicy): number | null {
  const recent = crashesAtMs.filter((atMs) => nowMs - atMs < policy.windowMs).length;
  if (recent > policy.crashesMax) return null;
  if (recent <= 1) return 0;
  return Math.min(policy.delayMsMax, policy.delayMsFirst * 2 ** (recent - 2));
}
