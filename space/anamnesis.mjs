#!/usr/bin/env node
// Node from 22.18 reads our TypeScript itself; Node 20 needs tsx to do so.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  const { register } = await import('tsx/esm/api');
  register();
}
const { main } = await import('./cli/main.ts');
await main(process.argv);
