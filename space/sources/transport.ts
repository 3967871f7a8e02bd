import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns';
import { Agent } from 'undici';
import { AddressError, addressBytes, hostOf, isPublicAddress } from '../../core/sources/http/address.ts';
import { ConnectError, type HopRequest, type Transport } from '../../core/sources/http/transport.ts';

/** Looks up every address of a name, as `dns.lookup` does with `all`. */
export type Resolve = (
  host: string,
  options: LookupOptions & { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export type NodeTransport = { readonly transport: Transport; readonly close: () => Promise<void> };

/**
 * Hops over sockets of Node. A name is resolved when its connection is made, and the connection goes to the addresses that were checked there: nobody
 * can give one answer to the check and another to the socket. One address that is not public refuses the name.
 */
export function nodeTransport(options: { readonly resolve?: Resolve } = {}): NodeTransport {
  const resolve = options.resolve ?? systemLookup;
  // Agents differ by what they may connect to and for how long, so that no connection of one is lent to the other.
  const agents = new Map<string, Agent>();
  const agentOf = ({ trusted, connectMs }: HopRequest): Agent => {
    const key = `${trusted} ${connectMs}`;
    const known = agents.get(key);
    if (known) return known;
    const made = new Agent({
      connections: CONNECTIONS_MAX,
      pipelining: 1,
      maxHeaderSize: HEADER_BYTES_MAX,
      keepAliveTimeout: KEEP_MS,
      // The client has its own deadlines for answers; these end what would be left behind.
      headersTimeout: LEFT_MS,
      bodyTimeout: LEFT_MS,
      connect: trusted ? { timeout: connectMs } : { timeout: connectMs, lookup: publicLookup(resolve) },
    });
    agents.set(key, made);
    return made;
  };
  const transport: Transport = async (request, { signal }) => {
    const { url, method, headers, body, trusted } = request;
    // A literal is not looked up, so no lookup would refuse it.
    const host = hostOf(url);
    if (!trusted && addressBytes(host) !== null && !isPublicAddress(host))
      throw new AddressError(`${host} is not a public address`);
    try {
      const answer = await agentOf(request).request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method,
        headers: { ...headers },
        body,
        signal,
      });
      return { status: answer.statusCode, headers: joined(answer.headers), body: answer.body };
    } catch (error) {
      throw told(error);
    }
  };
  return {
    transport,
    close: async () => {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()));
    },
  };
}

const CONNECTIONS_MAX = 2;
const HEADER_BYTES_MAX = 16_384;
const KEEP_MS = 4_000;
const LEFT_MS = 300_000;

/** Refuses a name of whose addresses one is not public. */
const publicLookup =
  (resolve: Resolve) =>
  (
    host: string,
    options: LookupOptions,
    callback: (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void,
  ): void => {
    resolve(host, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error || !first) {
        callback(error ?? Object.assign(new Error('no address'), { code: 'ENOTFOUND' }), []);
        return;
      }
      if (!addresses.every(({ address }) => isPublicAddress(address))) {
        callback(new AddressError(`${host} leads to an address that is not public`), []);
        return;
      }
      if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };

/** What went wrong before a connection stood is a `ConnectError`; the platform's own words may hold addresses and are left out. */
function told(error: unknown): unknown {
  const all = error instanceof AggregateError ? [error, ...error.errors] : [error];
  const refused = all.find((one) => one instanceof AddressError);
  if (refused) return refused;
  const code = all.map(codeOf).find((one) => one !== '') ?? '';
  return CONNECTING.test(code) ? new ConnectError(code) : error;
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');
/** Codes of DNS, of connect(2), of undici's connect and of TLS. A reset may come later and is not among them. */
const CONNECTING =
  /^(?:ENOTFOUND|EAI_\w+|ENODATA|ESERVFAIL|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|EADDRNOTAVAIL|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT|CERT_\w+|ERR_TLS_\w+|ERR_SSL_\w+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+)$/;

function joined(headers: Readonly<Record<string, string | string[] | undefined>>): Readonly<Record<string, string>> {
  const pairs = Object.entries(headers).map(([name, value]) => [
    name.toLowerCase(),
    Array.isArray(value) ? value.join(', ') : (value ?? ''),
  ]);
  return Object.fromEntries(pairs);
}
