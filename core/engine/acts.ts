import { type Database, json, type Statement, statement } from './database.ts';
import { type Again, againStatements } from './enter.ts';
import { DefinitionError } from './errors.ts';
import { closeBreaker } from './services.ts';
import { auditStatement, quoted } from './sql.ts';
import { hasService, type Pipeline, servicesOf } from './stage.ts';

/** What an operator may do to a pipeline while it runs. */
export type OperatorAct =
  | { readonly kind: 'pause'; readonly stage: string }
  | { readonly kind: 'resume'; readonly stage: string }
  /** Dead letters are worked on again, with all their attempts. */
  | { readonly kind: 'retry'; readonly stage?: string; readonly keys?: readonly string[]; readonly errorClass?: string }
  /**
   * Items are worked on again, those that are being worked on or that an outside job has too; with `changedOnly` those that another
   * fingerprint made or submitted.
   */
  | { readonly kind: 'redo'; readonly stage: string; readonly keys?: readonly string[]; readonly changedOnly?: boolean }
  /** A gathering stage runs with what there is. */
  | { readonly kind: 'run'; readonly stage: string }
  | { readonly kind: 'close_breaker'; readonly service: string };

export type By = {
  readonly actor: string;
  /** The same request acts once, however often it is sent. */
  readonly requestId?: string;
  readonly reason?: string;
};

/** How many tasks (or rows of control) an act changed; `repeated` when the same request had acted before. */
export type Acted = { readonly changed: number; readonly repeated: boolean };

/**
 * Carries out an operator's act, with its audit row, in one transaction.
 * @throws DefinitionError for a stage or service that is not there.
 */
export async function act(db: Database, pipeline: Pipeline, request: OperatorAct, by: By): Promise<Acted> {
  checkNames(pipeline, request);
  const asked = { actor: by.actor, requestId: by.requestId ?? null, reason: by.reason ?? request.kind };
  const first =
    by.requestId === undefined ? 'true' : `NOT EXISTS (SELECT 1 FROM audit WHERE request_id = ${quoted(by.requestId)})`;
  const ids =
    by.requestId === undefined ? [] : [by.requestId, ...pipeline.stages.map(({ name }) => `${by.requestId}/${name}`)];
  const seen = statement(`SELECT 1 FROM audit WHERE request_id IN (SELECT value FROM json_each(?)) LIMIT 1`, [
    json(ids),
  ]);
  const groups = statementsOf(pipeline, request, asked, first);
  const [before, ...results] = await db.write([seen, ...groups.flat()]);
  const lasts = groups.map((_, i) => groups.slice(0, i + 1).flat().length - 1);
  const changed = lasts.reduce((sum, last) => sum + (results[last]?.changed ?? 0), 0);
  return { changed, repeated: before?.rows.length === 1 };
}

type Asked = { readonly actor: string; readonly requestId: string | null; readonly reason: string };

/** Groups of statements; in each, an audit row that is written only where the act changes something, and last the change. */
function statementsOf(pipeline: Pipeline, request: OperatorAct, by: Asked, first: string): Statement[][] {
  switch (request.kind) {
    case 'pause':
      return [control(request.stage, 'pause', 'paused = 1, pause_reason = ?1', 'paused = 0', by, first)];
    case 'resume':
      return [control(request.stage, 'resume', 'paused = 0, pause_reason = NULL', 'paused = 1', by, first)];
    case 'run':
      return [control(request.stage, 'run', 'requested = 1', 'requested = 0', by, first)];
    case 'close_breaker':
      return [closeBreaker(request.service, by, first)];
    case 'retry':
      return retryStatements(pipeline, request, by, first);
    case 'redo':
      return [
        againStatements(
          request.stage,
          {
            ...again(by),
            ...itemsOf(kindOf(pipeline, request.stage), request.keys, changed(request)),
            states: ['done', 'skipped', 'dead', 'leased', 'submitted'],
          },
          first,
        ),
      ];
  }
}

const again = ({ actor, requestId, reason }: Asked) =>
  ({ cause: 'forced', actor, requestId, reason }) as const satisfies Partial<Again>;

const changed = (request: { readonly stage: string; readonly changedOnly?: boolean }): string | undefined =>
  request.changedOnly
    ? `SELECT item_id FROM task WHERE stage = ${quoted(request.stage)} AND fingerprint IS NOT
         (SELECT fingerprint FROM stage_control WHERE stage = ${quoted(request.stage)})`
    : undefined;

function retryStatements(
  pipeline: Pipeline,
  request: Extract<OperatorAct, { kind: 'retry' }>,
  by: Asked,
  first: string,
): Statement[][] {
  const stages = request.stage === undefined ? pipeline.stages.map((stage) => stage.name) : [request.stage];
  return stages.map((stage, i) => {
    const dead = `stage = ${quoted(stage)} AND state = 'dead'`;
    const ofClass =
      request.errorClass === undefined
        ? undefined
        : `SELECT item_id FROM task WHERE ${dead} AND error_class = ${quoted(request.errorClass)}`;
    const items = itemsOf(kindOf(pipeline, stage), request.keys, ofClass);
    // One request may act on several stages; each has an audit row, and the id of a request stands once.
    const requestId = i === 0 ? by.requestId : by.requestId && `${by.requestId}/${stage}`;
    const own = requestId == null ? first : `NOT EXISTS (SELECT 1 FROM audit WHERE request_id = ${quoted(requestId)})`;
    const ready = againStatements(stage, { ...again(by), ...items, requestId, states: ['dead'] }, own);
    return [
      statement(
        // Whoever retries has looked after the call whose answer never came; a stage that can ask the service still does.
        `UPDATE effect SET reason = 'released' WHERE state = 'intent' AND stage = ${quoted(stage)} AND ${own}
           AND item_id IN (SELECT item_id FROM task WHERE ${dead}) ${items.items === undefined ? '' : `AND item_id IN (${items.items})`}`,
      ),
      ...ready,
    ];
  });
}

const kindOf = (pipeline: Pipeline, name: string): string =>
  pipeline.stages.find((stage) => stage.name === name)?.itemKind ?? '';

/** An SQL query of the items that an act is about; nothing where it is about all. */
function itemsOf(
  kind: string,
  keys: readonly string[] | undefined,
  query: string | undefined,
): { readonly items?: string } {
  const named =
    keys &&
    `SELECT id FROM item WHERE kind = ${quoted(kind)} AND key IN (SELECT value FROM json_each(${quoted(json(keys))}))`;
  const parts = [named, query].filter((part) => part !== undefined);
  return parts.length === 0 ? {} : { items: parts.join(' INTERSECT ') };
}

function control(
  stage: string,
  kind: 'pause' | 'resume' | 'run',
  set: string,
  before: string,
  by: Asked,
  first: string,
): Statement[] {
  const where = `stage = ${quoted(stage)} AND ${before}`;
  return [
    auditStatement(
      kind,
      `SELECT ${quoted(stage)}, NULL, ?1, ?2, json_object('reason', ?3)
       WHERE ${first} AND EXISTS (SELECT 1 FROM stage_control WHERE ${where})`,
      [by.actor, by.requestId, by.reason],
    ),
    statement(
      `UPDATE stage_control SET ${set} WHERE changes() > 0 AND ${where}`,
      set.includes('?1') ? [by.reason] : [],
    ),
  ];
}

function checkNames(pipeline: Pipeline, request: OperatorAct): void {
  const stages = pipeline.stages.map((stage) => stage.name);
  if ('stage' in request && request.stage !== undefined && !stages.includes(request.stage))
    throw new DefinitionError(`no stage ${JSON.stringify(request.stage)}: one of ${stages.join(', ')}`);
  const services = servicesOf(pipeline);
  if (request.kind === 'close_breaker' && !hasService(pipeline, request.service))
    throw new DefinitionError(
      `no service ${JSON.stringify(request.service)}: ${services.length > 0 ? `one of ${services.join(', ')}` : 'no stage needs one'}`,
    );
}
