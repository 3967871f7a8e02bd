// Entry of the thread that fits the builtin embedder.
import '../typescript.mjs';

await import('./fit-thread.ts');
