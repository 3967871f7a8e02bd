import { AddressError, checkUrl } from '../core/sources/http/address.ts';
import { piecesOf } from '../core/sources/http/body.ts';
import { ConnectError, type Transport } from '../core/sources/http/transport.ts';

/** Hosts that the sources of an edge host need; nothing else is called from there. */
export const EDGE_HOSTS: readonly string[] = [
  'eutils.ncbi.nlm.nih.gov',
  'www.ncbi.nlm.nih.gov',
  'pmc.ncbi.nlm.nih.gov',
  'www.ebi.ac.uk',
];

/**
 * Hops by the platform's `fetch`. It resolves names itself and shows nobody where they lead, so what a name resolves to cannot
 * be checked here: only literals can, and instead only hosts of a fixed list are called. It also unpacks bodies itself and cannot
 * be kept from it; it is asked for unpacked ones, and what comes is counted after that. How long connecting takes is not seen
 * apart: the deadline for the first byte covers it.
 */
export const fetchTransport =
  (send: typeof fetch, hosts: readonly string[] = EDGE_HOSTS): Transport =>
  async ({ method, url, headers, body, trusted }, { signal }) => {
    if (!trusted) {
      checkUrl(url, []);
      if (!hosts.includes(url.hostname))
        throw new AddressError(`${url.hostname} is not among the hosts that are called from here`);
    }
    let response: Response;
    try {
      response = await send(url, {
        method,
        headers: { ...headers, 'accept-encoding': 'identity' },
        body,
        redirect: 'manual',
        signal,
      });
    } catch (error) {
      if (signal.aborted) throw error;
      // `fetch` says no more than that nothing came.
      throw new ConnectError('fetch failed');
    }
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: piecesOf(response.body),
      decoded: true,
    };
  };
