import { createHttp, webClock } from '../../../core/sources/http/client.ts';
import { serviceSettings } from '../../../core/sources/http/services.ts';
import { openEmbedded } from '../../../space/embedded.ts';
import { nodeTransport } from '../../../space/sources/transport.ts';

/** A worker process: says `ready`, waits for a line on standard input, then asks `origin` so many times, all at once. */
const [path = '', origin = '', service = '', times = '0'] = process.argv.slice(2);
const { db, close } = openEmbedded(path);
const { transport, close: hangUp } = nodeTransport();
const http = createHttp({
  ...webClock,
  db,
  transport,
  services: serviceSettings({ ncbiKey: false }),
  version: '0.0.1',
  contact: null,
  secrets: [],
  origins: [origin],
});
console.log('ready');
await new Promise<void>((resolve) => process.stdin.once('data', () => resolve()));
const asked = Array.from({ length: Number(times) }, (_, i) =>
  http({ service, url: new URL(`/${process.pid}/${i}`, origin) }),
);
const ends = await Promise.allSettled(asked);
console.log(JSON.stringify(ends.map((end) => (end.status === 'fulfilled' ? end.value.status : String(end.reason)))));
await hangUp();
close();
process.exit(0);
