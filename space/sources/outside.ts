import { acceptDocuments, readSources } from '../../core/corpus.ts';
import type { Database, Stage } from '../../core/engine/index.ts';
import type { Outside } from '../../core/sources/discovery.ts';
import { createHttp, webClock } from '../../core/sources/http/client.ts';
import { serviceSettings } from '../../core/sources/http/services.ts';
import { configuredOrigins } from '../../core/sources/settings.ts';
import type { SourceKind } from '../../core/sources/source.ts';
import { createSources } from '../../core/sources/sources.ts';
import { VERSION } from '../../core/version.ts';
import type { Config } from '../config.ts';
import type { Log } from '../host/log.ts';
import { fileSource } from './file.ts';
import { nodeTransport } from './transport.ts';
import { webSource } from './web.ts';

export type OpenOutside = {
  readonly outside: Outside;
  /** Ends every request that is on its way, and lets no other begin. */
  readonly stop: () => void;
  readonly close: () => Promise<void>;
};

/** The sources of this host, and the one door to the services behind them. `first` is the stage that what is found enters. */
export function openOutside(config: Config, db: Database, log: Log, first: () => Stage): OpenOutside {
  const { contactEmail, ncbiApiKey, ncbiUrl, europePmcUrl } = config;
  const settings = {
    CONTACT_EMAIL: contactEmail,
    NCBI_API_KEY: ncbiApiKey,
    NCBI_URL: ncbiUrl,
    EUROPE_PMC_URL: europePmcUrl,
  };
  const stopping = new AbortController();
  const { transport, close } = nodeTransport();
  const http = createHttp({
    ...webClock,
    db,
    transport,
    services: serviceSettings({ ncbiKey: ncbiApiKey !== undefined }),
    version: VERSION,
    contact: contactEmail ?? null,
    secrets: [contactEmail, ncbiApiKey].filter((secret) => secret !== undefined),
    origins: configuredOrigins(settings),
    signal: stopping.signal,
    log: (message, fields) => log.debug({ ...fields, message }),
  });
  const queriesOf = (wanted: SourceKind) => async () =>
    (await readSources(db)).filter(({ kind }) => kind === wanted).map(({ query }) => query);
  const files = fileSource({
    refuse: (refusals) => acceptDocuments(db, first(), [], refusals),
    paths: queriesOf('file'),
  });
  const pages = webSource({ addresses: queriesOf('web'), nowMs: webClock.nowMs });
  const own = config.webSource === 'on' ? [files, pages] : [files];
  return {
    outside: {
      sources: new Map([...createSources(settings, webClock), ...own.map((source) => [source.kind, source] as const)]),
      http,
    },
    stop: () => stopping.abort(),
    close: async () => {
      stopping.abort();
      await close();
    },
  };
}
