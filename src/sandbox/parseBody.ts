import { ApiError } from './responses.ts';
import { isRecord } from './input.ts';

/** Parses a request body; throws an `ApiError` (400) if it is not a JSON object. */
export function parseBody(body: string): Record<string, unknown> {
  const parsed = parseJson(body);
  if (!isRecord(parsed)) throw invalidBody('The body must be a JSON object');
  return parsed;
}

/** The API's error for an invalid request body. */
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
