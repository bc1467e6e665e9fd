import { badRequest } from '../domain/errors.ts';

/** The parameters of a GraphQL request (GraphQL over HTTP, section 5.1). Null for those that the request does not have. */
export interface OperationParams {
  query: string | null;
  operationName: string | null;
  variables: Record<string, unknown> | null;
  extensions: Record<string, unknown> | null;
  /** Of any type: it matters only in a request without `query`. */
  documentId: unknown;
}

/** The request parameter for the id of a persisted document (GraphQL over HTTP, appendix "Persisted Documents"). */
export const DOCUMENT_ID = 'documentId';

const NAMES = new Set(['query', 'operationName', 'variables', 'extensions', DOCUMENT_ID]);

/** The maximum nesting of variables. No input type is nested as deep, and later code that is recursive cannot exhaust the stack. */
const MAX_DEPTH = 50;

/** Checks the parameters of a request, which may be anything that JSON can express. Throws `BAD_REQUEST`. */
export function parseParams(params: object): OperationParams {
  if (Array.isArray(params)) throw badRequest(400, 'Batching is not supported: send one operation per request.');
  const unknown = Object.keys(params).find((name) => !NAMES.has(name) && Reflect.get(params, name) != null);
  if (unknown !== undefined) throw badRequest(400, `There is no request parameter "${unknown.slice(0, 100)}".`);
  const sent: Partial<Record<keyof OperationParams, unknown>> = params;
  const { query = null, operationName = null, variables = null, extensions = null, documentId = null } = sent;
  if (!isStringOrNull(query)) throw badRequest(400, '"query" must be a string.');
  if (!isStringOrNull(operationName)) throw badRequest(400, '"operationName" must be a string.');
  if (!isObjectOrNull(variables)) throw badRequest(400, '"variables" must be an object.');
  if (!isObjectOrNull(extensions)) throw badRequest(400, '"extensions" must be an object.');
  if (exceedsDepth(variables, MAX_DEPTH))
    throw badRequest(400, `"variables" must not be nested more than ${MAX_DEPTH} levels deep.`);
  return { query, operationName, variables, extensions, documentId };
}

function isStringOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}

function isObjectOrNull(value: unknown): value is Record<string, unknown> | null {
  return typeof value === 'object' && !Array.isArray(value);
}

/** Whether `value` is nested deeper than `levels`. */
function exceedsDepth(value: unknown, levels: number): boolean {
  if (levels < 0) return true;
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((item) => exceedsDepth(item, levels - 1));
}
