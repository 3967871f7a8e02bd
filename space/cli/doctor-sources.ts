import { StageError } from '../../core/engine/index.ts';
import type { SourceAnswer } from '../../core/search/contract.ts';
import type { Outside } from '../../core/sources/discovery.ts';
import { withoutSecrets } from '../../core/sources/settings.ts';
import { type Config, secretsOf } from '../config.ts';

export type Check = { readonly name: string; readonly state: 'ok' | 'degraded' | 'failed'; readonly detail: string };

const isNcbi = ({ kind }: Pick<SourceAnswer, 'kind'>): boolean => kind === 'pubmed' || kind === 'pmc';

/** What the settings allow the sources that are defined, and what they wait for. */
export function sourceChecks(config: Config, sources: readonly SourceAnswer[]): readonly Check[] {
  const refused = sources.filter(isNcbi).map(({ name }) => name);
  const held = sources.filter(({ state, error }) => state === 'parked' || error !== null);
  return [
    config.contactEmail === undefined
      ? {
          name: 'contact',
          state: refused.length > 0 ? 'degraded' : 'ok',
          detail: `CONTACT_EMAIL is not set: NCBI sources (pubmed, pmc) are refused until it is${refused.length > 0 ? `; here: ${refused.join(', ')}` : ''}`,
        }
      : { name: 'contact', state: 'ok', detail: 'CONTACT_EMAIL is set; services are told it' },
    {
      name: 'ncbi key',
      state: 'ok',
      detail:
        config.ncbiApiKey === undefined
          ? 'NCBI_API_KEY is not set: 3 requests a second; a free key of an NCBI account gives 10'
          : 'NCBI_API_KEY is set: 10 requests a second',
    },
    held.length === 0
      ? { name: 'sources', state: 'ok', detail: `${sources.length} defined; web sources are ${config.webSource}` }
      : {
          name: 'sources',
          state: 'degraded',
          detail: held.map(({ name, state, reason, error }) => `${name} is ${state}: ${reason ?? error}`).join('; '),
        },
  ];
}

/** A query that every service answers and that costs it nothing. */
const PROBES = [
  { name: 'europe-pmc', kind: 'europe-pmc', query: 'EXT_ID:1 AND SRC:MED' },
  { name: 'ncbi', kind: 'pubmed', query: '1[uid]' },
] as const;

/** One small query to each service, by the door that all others take: its pace and its breaker hold here too. */
export async function askServices({ sources, http }: Outside, config: Config): Promise<readonly Check[]> {
  const today = new Date().toISOString().slice(0, 10);
  const checks: Check[] = [];
  for (const { name, kind, query } of PROBES) {
    if (kind === 'pubmed' && config.contactEmail === undefined) {
      checks.push({ name, state: 'degraded', detail: 'was not asked: set CONTACT_EMAIL first' });
      continue;
    }
    try {
      await sources.get(kind)?.list({ query, by: 'entry', days: { from: today, to: today } }, null, http);
      checks.push({ name, state: 'ok', detail: 'answers' });
    } catch (error) {
      if (!(error instanceof StageError)) throw error;
      const detail = withoutSecrets(error.message, secretsOf(process.env));
      checks.push({ name, state: 'degraded', detail: `${detail}; sources of it wait until it answers` });
    }
  }
  return checks;
}
