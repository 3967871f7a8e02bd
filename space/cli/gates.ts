import type { Gate } from '../../core/engine/index.ts';

/** A gate as JSON has it everywhere: as in `/api/status`. */
export const gateJson = ({ kind, reason, row, opensAtMs }: Gate) => ({
  kind,
  reason,
  row,
  opens_at: opensAtMs === null ? null : new Date(opensAtMs).toISOString(),
});

/** `paused: disk full; until somebody acts  [stage_control embed]`. */
export function gateLine({ kind, reason, row, opensAtMs }: Gate): string {
  const opens = opensAtMs === null ? OPENED_BY[kind] : `opens ${new Date(opensAtMs).toISOString()}`;
  return `${kind.padEnd(10)} ${reason}; ${opens}${row === null ? '' : `  [${row}]`}`;
}

/** Who opens a gate that has no time. */
const OPENED_BY: Readonly<Record<Gate['kind'], string>> = {
  paused: 'opens by "anamnesis resume"',
  host: 'opens on a host that can',
  waits: 'opens in its time',
  dependency: 'opens when the service is back',
  breaker: 'opens when the claim that tries it comes through',
  quota: 'opens when that session ends',
  leased: 'opens when the work is done',
  submitted: 'opens when the job is done',
  backoff: 'opens in its time',
  gathering: 'opens when there is enough',
};
