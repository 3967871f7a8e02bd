// Node from 22.18 reads our TypeScript itself; Node 20 needs tsx to do so. Imported first by every entry, once a thread.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  const { register } = await import('tsx/esm/api');
  register();
}
