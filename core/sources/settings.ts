import * as z from 'zod';
import { EUROPE_PMC_URL, NCBI_URL } from './sources.ts';

/** The address of a service, with a slash at its end, so that what is asked for stands below it. */
const serviceUrl = (usual: string) =>
  z
    .url({ protocol: /^https?$/, error: 'must be an http: or https: address' })
    .refine(isBare, 'must be the bare address of the service: no user name, no ?query, no #part')
    .default(usual)
    .transform((url) => (url.endsWith('/') ? url : `${url}/`));

function isBare(url: string): boolean {
  // What is no address is refused as such.
  if (!URL.canParse(url)) return true;
  const { username, search, hash } = new URL(url);
  return username === '' && search === '' && hash === '';
}

/** What every host is told about the literature services: how each setting is read, and what is said of it. */
export const SOURCE_SETTINGS = {
  CONTACT_EMAIL: {
    read: z.email('must be an e-mail address').max(200).optional(),
    about: 'whom a literature service may write to; NCBI sources (pubmed, pmc) are refused without it',
  },
  NCBI_API_KEY: {
    read: z
      .string()
      .regex(/^[0-9A-Za-z]{16,128}$/, 'must be the key as NCBI shows it: 16 or more letters and digits, nothing else')
      .optional(),
    about: 'key of an NCBI account: 10 requests a second instead of 3',
  },
  NCBI_URL: {
    read: serviceUrl(NCBI_URL),
    about: 'advanced: where the E-utilities answer (a mirror, or a server for tests)',
  },
  EUROPE_PMC_URL: {
    read: serviceUrl(EUROPE_PMC_URL),
    about: 'advanced: where Europe PMC answers (a mirror, or a server for tests)',
  },
} as const satisfies Record<string, { read: z.ZodType; about: string }>;

/** Origins that the operator set instead of those of the services: they are called as they are, on loopback too. */
export const configuredOrigins = (settings: {
  readonly NCBI_URL: string;
  readonly EUROPE_PMC_URL: string;
}): readonly string[] =>
  [settings.NCBI_URL, settings.EUROPE_PMC_URL]
    .filter((url) => url !== NCBI_URL && url !== EUROPE_PMC_URL)
    .map((url) => new URL(url).origin);

/**
 * `text` without `secrets`, as they stand there or as an address writes them. Whoever asked the services has cut them out already;
 * this is for what may come another way.
 */
export const withoutSecrets = (text: string, secrets: readonly string[]): string =>
  secrets
    .filter((secret) => secret !== '')
    .flatMap((secret) => [secret, encodeURIComponent(secret)])
    .reduce((clean, secret) => clean.replaceAll(secret, '***'), text);
