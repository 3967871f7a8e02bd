// Entry of the process that runs a local embedding model.
import '../typescript.mjs';

await import('./transformers-child.ts');
