// Entry of the host that test/stop.test.ts stops.
import '../../space/typescript.mjs';

await import('./stop-host.ts');
