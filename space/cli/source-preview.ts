import type { SourceDefinition } from '../../core/corpus.ts';
import type { Outside } from '../../core/sources/discovery.ts';
import type { Http, HttpRequest } from '../../core/sources/http/http.ts';
import { withoutSecrets } from '../../core/sources/settings.ts';
import type { Days, Source } from '../../core/sources/source.ts';
import { planRun } from '../../core/sources/windows.ts';
import { UsageError } from './exit.ts';

/** What the first request of a window would be. */
export type RequestPreview = {
  readonly method: 'GET' | 'POST';
  readonly address: string;
  /** What it asks, decoded, in the order in which it is sent. */
  readonly parameters: readonly (readonly [name: string, value: string])[];
};
export type SourcePreview = {
  readonly windows: readonly {
    readonly by: string;
    readonly days: Days;
    /** Null where nobody outside is asked. */
    readonly request: RequestPreview | null;
  }[];
  /** Windows that are not shown. */
  readonly more: number;
};

/**
 * What the next run of a definition would ask, without asking: the source itself makes its requests, and nobody sends them.
 * @throws UsageError where this host does not read such sources
 */
export async function previewRun(
  definition: SourceDefinition,
  through: {
    readonly entryThrough: string | null;
    readonly changeThrough: string | null;
    readonly sweptDay: string | null;
  },
  outside: Outside,
  options: { readonly nowMs: number; readonly secrets: readonly string[] },
): Promise<SourcePreview> {
  const source = sourceOf(definition, outside);
  const today = dayOf(options.nowMs);
  const windows = planRun({ since: definition.since, changes: source.changes }, through, today);
  const previews: SourcePreview['windows'][number][] = [];
  for (const { by, days } of windows.slice(0, WINDOWS_SHOWN)) {
    const window = { query: definition.query, by: by === 'change' ? by : ('entry' as const), days };
    const { http, asked } = unsent();
    // Whatever it makes of an answer that never comes is of no interest; files are read only where they are counted.
    if (definition.kind !== 'file') await source.list(window, null, http).catch(() => undefined);
    const [request] = asked;
    previews.push({ by, days, request: request ? shown(request, options.secrets) : null });
  }
  return { windows: previews, more: windows.length - previews.length };
}

/** Documents that the service has for the first run of a definition, as it states them. @throws StageError of the service */
export async function countHits(definition: SourceDefinition, outside: Outside, nowMs: number): Promise<number> {
  const window = {
    query: definition.query,
    by: 'entry' as const,
    days: { from: definition.since, to: dayOf(nowMs) },
  };
  return (await sourceOf(definition, outside).list(window, null, outside.http)).stated;
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

function sourceOf({ kind }: SourceDefinition, { sources }: Outside): Source {
  const source = sources.get(kind);
  if (source) return source;
  throw new UsageError(`sources of kind ${kind} are not read on this host`);
}

/** A source that can be asked for changes of one day only has a window for each. */
const WINDOWS_SHOWN = 6;

/** A door that notes what is asked and lets nothing out. */
function unsent(): { readonly http: Http; readonly asked: readonly HttpRequest[] } {
  const asked: HttpRequest[] = [];
  return {
    asked,
    http: async (request) => {
      asked.push(request);
      throw new Error('a preview sends nothing');
    },
  };
}

function shown({ url, form }: HttpRequest, secrets: readonly string[]): RequestPreview {
  const parameters = [...url.searchParams, ...Object.entries(form ?? {})];
  return {
    method: form ? 'POST' : 'GET',
    address: withoutSecrets(`${url.origin}${url.pathname}`, secrets),
    parameters: parameters.map(([name, value]) => [name, withoutSecrets(value, secrets)]),
  };
}

export function formatPreview({ windows, more }: SourcePreview): string {
  const lines = windows.flatMap(({ by, days, request }) => [
    `window by ${by}, ${days.from} to ${days.to}`,
    ...(request === null
      ? []
      : [
          `  ${request.method} ${request.address}`,
          ...request.parameters.map(([name, value]) => `    ${name.padEnd(12)} ${value}`),
        ]),
  ]);
  if (more > 0) lines.push(`… and ${more} windows more`);
  return `${lines.join('\n')}\n`;
}
