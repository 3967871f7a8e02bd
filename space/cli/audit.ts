import { Command } from 'commander';
import { type AuditRow, lastAudit, verifyAudit } from '../../core/engine/index.ts';
import { EXIT } from './exit.ts';
import { printJson, withSpace } from './open.ts';
import { wholeNumber } from './run.ts';

const ROWS_SHOWN = 20;
const DETAIL_SHOWN = 100;

export const auditCommand = (): Command =>
  new Command('audit')
    .description('the newest rows of the audit; with "verify" its whole chain, and whether its replay gives the state')
    .argument('[verify]', 'check every row; exit code 1 when something is wrong')
    .option('--last <n>', 'how many rows to show', wholeNumber(1, 10_000), ROWS_SHOWN)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nKeep the head that "verify" prints somewhere else: it shows later whether history was rewritten.',
    )
    .action((verb: string | undefined, options: { last: number; json?: boolean }, command: Command) => {
      if (verb !== undefined && verb !== 'verify')
        command.error(`error: unknown act '${verb}': the only one is verify`);
      return withSpace({ quiet: true }, async ({ db }) => {
        const rows = await lastAudit(db, options.last);
        if (verb === undefined) {
          if (options.json) printJson({ rows: rows.map(rowJson) });
          else process.stdout.write(formatRows(rows));
          if (rows.length === 0) process.exitCode = EXIT.nothing;
          return;
        }
        const report = await verifyAudit(db);
        if (options.json) printJson({ ...report, ok: report.problems.length === 0 });
        else {
          const verdict =
            report.problems.length === 0
              ? `the audit holds: ${report.rows} rows, each fits the one before it, and their replay gives all ${report.tasks} tasks`
              : `the audit does not hold (${report.rows} rows, ${report.tasks} tasks):`;
          const problems = report.problems.map((problem) => `  ${problem}\n`).join('');
          process.stdout.write(`${verdict}\n${problems}head ${report.head ?? 'none'}\n`);
        }
        if (report.problems.length > 0) process.exitCode = EXIT.failed;
      });
    });

const rowJson = ({ id, atMs, act, stage, leaseId, actor, detail }: AuditRow) => ({
  id,
  at: new Date(atMs).toISOString(),
  act,
  stage,
  lease_id: leaseId,
  actor,
  detail,
});

function formatRows(rows: readonly AuditRow[]): string {
  if (rows.length === 0) return 'the audit is empty\n';
  const lines = rows.map(({ id, atMs, act, stage, actor, detail }) => {
    const text = JSON.stringify(detail);
    const shown = text.length > DETAIL_SHOWN ? `${text.slice(0, DETAIL_SHOWN)}…` : text;
    const who = actor.split('/', 1)[0] ?? '';
    return `${String(id).padStart(7)} ${new Date(atMs).toISOString()} ${act.padEnd(13)} ${(stage ?? '-').padEnd(10)} ${who.padEnd(12)} ${shown}`;
  });
  return `${lines.join('\n')}\n`;
}
