import { europePmc } from './europe-pmc.ts';
import { pmc } from './pmc.ts';
import { pubmed } from './pubmed.ts';
import type { Source, SourceKind } from './source.ts';

/** What a host was told, under the names of its settings. */
export type SourcesSettings = {
  readonly CONTACT_EMAIL?: string | undefined;
  readonly NCBI_API_KEY?: string | undefined;
  readonly NCBI_URL?: string | undefined;
  /** Unless it is told, asked only where `NCBI_URL` is the real service. */
  readonly PMC_OAI_URL?: string | undefined;
  readonly EUROPE_PMC_URL?: string | undefined;
};

/** NBK25497: all requests go to this address. */
export const NCBI_URL = 'https://eutils.ncbi.nlm.nih.gov/entrez/eutils/';
/** Moved there from www.ncbi.nlm.nih.gov/pmc/oai/oai.cgi (pmc.ncbi.nlm.nih.gov/tools/oai). */
export const PMC_OAI_URL = 'https://pmc.ncbi.nlm.nih.gov/api/oai/v1/mh/';
/** europepmc.org/RestfulWebService */
export const EUROPE_PMC_URL = 'https://www.ebi.ac.uk/europepmc/webservices/rest/';

const withSlash = (url: string): string => (url.endsWith('/') ? url : `${url}/`);

/** Why a host cannot ask a source, and what to do about it; null where it can. */
export function sourceRefusal(kind: SourceKind, settings: SourcesSettings): string | null {
  if ((kind === 'pubmed' || kind === 'pmc') && !settings.CONTACT_EMAIL)
    return `NCBI asks for the e-mail address of whoever calls it: set CONTACT_EMAIL to use the source ${kind}`;
  return null;
}

/**
 * The services of literature by their kind. `nowMs` is asked only where a service does not say what time it has. Without
 * `CONTACT_EMAIL` those of NCBI refuse every call and say why.
 */
export function createSources(
  settings: SourcesSettings,
  host: { readonly nowMs: () => number },
): ReadonlyMap<SourceKind, Source> {
  const url = withSlash(settings.NCBI_URL ?? NCBI_URL);
  const ncbi = {
    url,
    email: settings.CONTACT_EMAIL || null,
    apiKey: settings.NCBI_API_KEY || null,
    nowMs: host.nowMs,
  };
  const oaiUrl = settings.PMC_OAI_URL ?? (url === NCBI_URL ? PMC_OAI_URL : null);
  return new Map<SourceKind, Source>([
    ['europe-pmc', europePmc({ url: withSlash(settings.EUROPE_PMC_URL ?? EUROPE_PMC_URL) })],
    ['pubmed', pubmed(ncbi)],
    ['pmc', pmc({ ...ncbi, oaiUrl })],
  ]);
}
