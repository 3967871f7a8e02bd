import { Command } from 'commander';
import { act, hasService, readServices, readSnapshot, type ServiceStanding } from '../../core/engine/index.ts';
import { byCli, withActOptions } from './control.ts';
import { EXIT } from './exit.ts';
import { serviceNamed } from './named.ts';
import { printJson, withSpace } from './open.ts';

export const breakersCommand = (): Command => {
  const list = new Command('list')
    .description('every outside service: whether it is up, its breaker, its statistics')
    .option('--json', 'print JSON')
    .action((options: { json?: boolean }) =>
      withSpace({ quiet: true }, async ({ db, pipeline }) => {
        const services = (await readServices(db)).filter(({ name }) => hasService(pipeline, name));
        const { nowMs } = await readSnapshot(db, pipeline);
        if (options.json) printJson({ breakers: services.map((service) => breakerJson(service, nowMs)) });
        else process.stdout.write(formatBreakers(services, nowMs));
        if (services.length === 0) process.exitCode = EXIT.nothing;
        else if (services.some((service) => stateOf(service, nowMs) !== 'closed')) process.exitCode = EXIT.blocked;
      }),
    );
  const reset = withActOptions(
    new Command('reset').description('close the breaker of a service').argument('<name>', 'the service'),
  ).action((given: string, options: { reason?: string; requestId?: string; dryRun?: boolean; json?: boolean }) =>
    withSpace({ quiet: true }, async ({ db, pipeline }) => {
      const service = serviceNamed(pipeline, given);
      const before = (await readServices(db)).find(({ name }) => name === service);
      const acted = options.dryRun ? null : await act(db, pipeline, { kind: 'close_breaker', service }, byCli(options));
      const changed = acted === null ? before !== undefined && (before.open || before.failures > 0) : acted.changed > 0;
      if (options.json) printJson({ act: 'reset', service, changed, dry_run: options.dryRun === true });
      else {
        const done = options.dryRun ? 'would be closed' : 'closed';
        process.stdout.write(changed ? `breaker of ${service} ${done}\n` : `breaker of ${service} is closed already\n`);
      }
      if (!changed) process.exitCode = EXIT.nothing;
    }),
  );
  return new Command('breakers')
    .description('circuit breakers of the outside services: list (the default), reset NAME')
    .addCommand(list.exitOverride().showHelpAfterError(), { isDefault: true })
    .addCommand(reset.exitOverride().showHelpAfterError());
};

/** `open` with its time behind it is half-open: the next claim tries the service with one item. */
export const stateOf = ({ downReason, open, openUntilMs }: ServiceStanding, nowMs: number) =>
  downReason !== null ? 'down' : !open ? 'closed' : openUntilMs > nowMs ? 'open' : 'half-open';

const breakerJson = (service: ServiceStanding, nowMs: number) => ({
  name: service.name,
  state: stateOf(service, nowMs),
  reason: service.downReason ?? service.openReason,
  opens_at: service.open ? new Date(service.openUntilMs).toISOString() : null,
  probing: service.probing,
  failures: service.failures,
  successes_all: service.successesAll,
  failures_all: service.failuresAll,
  opens_all: service.opensAll,
});

export function formatBreakers(services: readonly ServiceStanding[], nowMs: number): string {
  if (services.length === 0) return 'no stage of this pipeline needs an outside service\n';
  return services
    .map((service) => {
      const why = service.downReason ?? service.openReason;
      const state = stateOf(service, nowMs);
      const until = state === 'open' ? ` until ${new Date(service.openUntilMs).toISOString()}` : '';
      return `${service.name.padEnd(16)} ${state}${until}${why === null || state === 'closed' ? '' : `: ${why}`}; ${service.successesAll} answers, ${service.failuresAll} failures, opened ${service.opensAll} times\n`;
    })
    .join('');
}
