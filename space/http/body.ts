import { BodyError, readJson as readBody } from '../../core/json-body.ts';
import { ProblemError } from './problems.ts';

export { BODY_BYTES_MAX, deeperThan, JSON_DEPTH_MAX } from '../../core/json-body.ts';

/** The JSON value of a request body. @throws ProblemError where it is not taken */
export async function readJson(request: Request): Promise<unknown> {
  try {
    return await readBody(request);
  } catch (error) {
    if (!(error instanceof BodyError)) throw error;
    const { status, code, message } = error;
    throw new ProblemError({ status, code, detail: message });
  }
}
