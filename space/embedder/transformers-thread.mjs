// Entry of the thread that runs a local embedding model.
import '../typescript.mjs';

await import('./transformers-thread.ts');
