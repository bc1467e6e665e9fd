import { ApiError } from './responses.ts';
import { isRecord } from './fields.ts';

/** The object that a body holds; whatever else it holds is refused. */
export function parseBody(body: string): Record<string, unknown> {
  const parsed = parseJson(body);
  if (!isRecord(parsed)) throw invalidBody('The body must be a JSON object');
  return parsed;
}

export function invalidBody(message: string): ApiError {
  return new ApiError(400, 400, message);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
