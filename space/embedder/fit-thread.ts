import { parentPort, workerData } from 'node:worker_threads';
import { fitBuiltin } from '../../core/models/builtin.ts';

const texts = workerData as readonly string[]; // what fit.ts hands over
parentPort?.postMessage(fitBuiltin(texts));
