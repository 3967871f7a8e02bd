import { createHash } from 'node:crypto';
import { definePipeline, type Pipeline } from '../../../core/engine/index.ts';
import { done, eachOf } from './walk.ts';

/** Two stages whose every item costs a little work, so that batches of several processes lie over each other. */
export const racePipeline = (beforeItem: () => Promise<void> = async () => undefined): Pipeline =>
  definePipeline(
    'race',
    ['one', 'two'].map((name) =>
      eachOf(
        name,
        async (item) => {
          await beforeItem();
          let hash = `${name}(${item.inputHash})`;
          for (let i = 0; i < 300; i++) hash = createHash('sha256').update(hash).digest('hex');
          return done(hash);
        },
        { batchMax: 16 },
      ),
    ),
  );
