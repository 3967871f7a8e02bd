/** The closed lists of the engine, apart from its tables: an edge host needs the words and not the table builder. */

/** Where an item stands in one stage. */
export const TASK_STATES = ['ready', 'leased', 'submitted', 'done', 'skipped', 'dead'] as const;
export type TaskState = (typeof TASK_STATES)[number];
/** The states that no longer hold a stage: a dead letter settles its item as much as a success does. */
export const SETTLED_STATES = ['done', 'skipped', 'dead'] as const satisfies readonly TaskState[];
export const OPEN_STATES = ['ready', 'leased', 'submitted'] as const satisfies readonly TaskState[];

export const LEASE_STATES = ['live', 'released', 'expired', 'broken'] as const;
export type LeaseState = (typeof LEASE_STATES)[number];
