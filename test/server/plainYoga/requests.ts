import { PREFLIGHTED_HEADERS } from '../../../src/server/csrf.ts';
import type { GeneratedOperation } from '../../support/operations.ts';

/** A request to the GraphQL endpoint of either server. */
export interface HttpRequest {
  /** The URL's query, with its question mark. */
  search?: string;
  init: Omit<RequestInit, 'headers'> & { headers: Record<string, string> };
}

export const JSON_TYPE = 'application/json';
export const RESPONSE_TYPE = 'application/graphql-response+json';

/** Node.js accepts no request whose header fields and URL have more than 16 KiB. */
const MAX_URL_CHARS = 12_000;

/** The gateway requires it of forms, which pages of other sites can send. */
const PREFLIGHT = { [PREFLIGHTED_HEADERS[0] ?? '']: '1' };

/** Posts any JSON. */
export const postJson = (body: unknown, accept = JSON_TYPE): HttpRequest =>
  post(JSON_TYPE, typeof body === 'string' ? body : JSON.stringify(body), accept);

/** Posts a body of any type. */
export function post(contentType: string, body: string, accept = JSON_TYPE): HttpRequest {
  return { init: { method: 'POST', headers: { 'content-type': contentType, accept, ...PREFLIGHT }, body } };
}

/** Sends parameters in the URL. */
export const get = (parameters: Record<string, string>, accept = JSON_TYPE): HttpRequest => ({
  search: `?${new URLSearchParams(parameters)}`,
  init: { headers: { accept } },
});

/** The ways to send an operation that both servers accept, apart from posting JSON, as far as they suit the operation. */
export function otherRequests({ query, variables }: GeneratedOperation): HttpRequest[] {
  const parameters = { query, variables: JSON.stringify(variables) };
  const inUrl = get(parameters, RESPONSE_TYPE);
  return [
    postJson({ query, variables }, '*/*'),
    post('application/x-www-form-urlencoded', String(new URLSearchParams(parameters)), RESPONSE_TYPE),
    ...((inUrl.search ?? '').length > MAX_URL_CHARS ? [] : [inUrl]),
    ...(Object.keys(variables).length > 0 ? [] : [post('application/graphql', query)]),
  ];
}
