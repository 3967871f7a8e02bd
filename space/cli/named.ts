import { hasService, type Pipeline, servicesOf } from '../../core/engine/index.ts';
import { UsageError } from './exit.ts';

/** A stage by its name. @throws UsageError that lists those there are */
export function stageNamed(pipeline: Pipeline, name: string): Pipeline['stages'][number] {
  const found = pipeline.stages.find((stage) => stage.name === name);
  if (found) return found;
  throw new UsageError(
    `no stage ${JSON.stringify(name)}: one of ${pipeline.stages.map((stage) => stage.name).join(', ')}`,
  );
}

/** A service by its name. @throws UsageError that lists those there are */
export function serviceNamed(pipeline: Pipeline, name: string): string {
  if (hasService(pipeline, name)) return name;
  const services = servicesOf(pipeline);
  const there = services.length > 0 ? `one of ${services.join(', ')}` : 'no stage of this pipeline needs one';
  throw new UsageError(`no service ${JSON.stringify(name)}: ${there}`);
}
