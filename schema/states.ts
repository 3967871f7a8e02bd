/** The closed lists of the engine, apart from its tables: an edge host needs the words and not the table builder. */

/** Where an item stands in one stage. `submitted`: an outside job has it, nobody works on it, and an act makes it ready again. */
export const TASK_STATES = ['ready', 'leased', 'submitted', 'done', 'skipped', 'dead'] as const;
export type TaskState = (typeof TASK_STATES)[number];
/** The states that no longer hold a stage: a dead letter settles its item as much as a success does. */
export const SETTLED_STATES = ['done', 'skipped', 'dead'] as const satisfies readonly TaskState[];
export const OPEN_STATES = ['ready', 'leased', 'submitted'] as const satisfies readonly TaskState[];

export const LEASE_STATES = ['live', 'released', 'expired', 'broken'] as const;
export type LeaseState = (typeof LEASE_STATES)[number];

/** Order of claims within a stage, the lowest first: before all others, as it comes, when nothing else waits. */
export const PRIORITIES = [-1, 0, 1] as const;
export type Priority = (typeof PRIORITIES)[number];

/** Why a task is to be worked on. */
export const CAUSES = ['new', 'input', 'fingerprint', 'forced'] as const;
export type Cause = (typeof CAUSES)[number];

export const BREAKER_STATES = ['closed', 'open'] as const;
export type BreakerState = (typeof BREAKER_STATES)[number];

export const EFFECT_STATES = ['intent', 'done', 'refused'] as const;
export type EffectState = (typeof EFFECT_STATES)[number];

export const SESSION_STATES = ['running', 'ended', 'died'] as const;
export type SessionState = (typeof SESSION_STATES)[number];

/** What an audit row tells of. The first group moves tasks; a replay of it gives their state. */
export const TASK_ACTS = ['base', 'enter', 'claim', 'commit', 'abandon', 'lose', 'again', 'return'] as const;
export const CONTROL_ACTS = ['register', 'pause', 'resume', 'run', 'close_breaker', 'clock', 'rollback'] as const;
export type Act = (typeof TASK_ACTS)[number] | (typeof CONTROL_ACTS)[number];
