// Entry of a second thread that ticks beside the main one.
import '../typescript.mjs';

await import('./thread.ts');
