import { isDroppedStep } from '../../core/engine/index.ts';

let installed = false;

/** Keeps dropped steps of a batch from ending the process. Every other rejection that nobody handles ends it as before. */
export function surviveDroppedSteps(): void {
  if (installed) return;
  installed = true;
  process.on('unhandledRejection', (error) => {
    if (!isDroppedStep(error)) throw error;
  });
}
