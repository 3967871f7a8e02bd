// Entry of the thread that searches.
import '../typescript.mjs';

await import('./thread.ts');
