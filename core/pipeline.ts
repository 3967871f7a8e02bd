import type { Database } from './engine/database.ts';
import { definePipeline, type Pipeline, type Quota } from './engine/stage.ts';
import type { RemoteEmbedder } from './models/generation.ts';
import type { Distiller, Embedder } from './models/ports.ts';
import type { Outside } from './sources/discovery.ts';
import type { DocumentRead } from './sources/record.ts';
import { defineDistill } from './stages/distill.ts';
import { defineEmbed } from './stages/embed.ts';
import { defineIndex, type ReleaseBuilder } from './stages/index.ts';
import { defineNormalize } from './stages/normalize.ts';
import { defineScrape } from './stages/scrape.ts';

/** What the five stages need from their host. */
export type PipelineDeps = {
  readonly db: Database;
  readonly random: () => number;
  /** The services that documents come from; null on a host that asks none. */
  readonly outside: Outside | null;
  /** How bytes become documents: with the clock of the host, and with readers that only it has. */
  readonly read: DocumentRead;
  /** Least completeness, in [0, 1], of a case that is taken in; every one where it is absent. */
  readonly completenessMin?: number;
  readonly distiller: Distiller;
  readonly embedderName: string;
  readonly embedder: (leaseId: number) => Promise<Embedder>;
  /** In place of `embedder`, one behind a service. */
  readonly remoteEmbedder?: RemoteEmbedder | null;
  readonly generation: () => Promise<string>;
  /** Null on a host without files: the edge does every stage but `index`. */
  readonly build: ReleaseBuilder | null;
};

/** Stands in the database, so that no other pipeline takes it for its own. */
export const PIPELINE_NAME = 'anamnesis';

/** Called by `scrape` for some of its items: one of them that is away holds back its own items and no stage. */
const LITERATURE_SERVICES = ['ncbi', 'europe-pmc', 'web'];

const quotasOf = ({ distiller, remoteEmbedder }: PipelineDeps): readonly Quota[] => [
  ...(distiller.kind === 'local' ? [] : [distiller.spending.quota]),
  ...(remoteEmbedder ? [remoteEmbedder.embedder.spending.quota] : []),
];

/** The system in one list: documents up to normalize, cases after it, a release at the end. */
export const clinicalPipeline = (deps: PipelineDeps): Pipeline =>
  definePipeline(
    PIPELINE_NAME,
    [defineScrape(deps), defineNormalize(deps), defineDistill(deps), defineEmbed(deps), defineIndex(deps)],
    { services: LITERATURE_SERVICES, quotas: quotasOf(deps) },
  );
