/** Every table of the product. The engine's stand alone; the corpus' need the engine's. */
export * from './corpus.ts';
export * from './engine.ts';
