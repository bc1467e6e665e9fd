import { RequestError } from './input.ts';
import { createJsonWriter } from './responseFormats.ts';
import type { EndpointResult, RestCall } from './restCall.ts';
import type { Match } from './routes.ts';
import type { ResponseFormats } from './settings.ts';

/** Calls the endpoint of a request, and writes its result or its error in the format of the settings. */
export function callEndpoint(match: Match, call: Pick<RestCall, 'query' | 'body' | 'world' | 'webhooks' | 'settings'>) {
  if (match.endpoint === undefined) return errorResponse(match.status, 7003, 'Could not route the request', 'errors');
  const { endpoint, ...ids } = match;
  const formats = call.settings.responseFormats;
  const writer = createJsonWriter(call.world, formats, endpoint.types);
  try {
    return resultResponse(endpoint.handle({ ...call, ...ids, formats, writer }), endpoint.status ?? 200, formats);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    const { status, message } = error;
    const isNothing = endpoint.method === 'GET' && status === 404 && formats.notFound !== '404';
    if (!isNothing) return errorResponse(status, status, message, formats.errors);
    return resultResponse({ data: formats.notFound === 'null' ? null : {} }, 200, formats);
  }
}

function resultResponse({ data, paging }: EndpointResult, status: number, formats: ResponseFormats): Response {
  const body =
    formats.envelope === 'data'
      ? { success: true, data, paging }
      : { success: true, errors: [], messages: [], result: data, paging };
  return Response.json(body, { status });
}

/** Writes an error in the format of RealtimeKit (`error`) or of Cloudflare's general API layer (`errors`). */
export function errorResponse(
  status: number,
  code: number,
  message: string,
  format: ResponseFormats['errors'],
): Response {
  const body =
    format === 'error'
      ? { success: false, error: { code, message } }
      : { success: false, errors: [{ code, message }], messages: [], result: null };
  return Response.json(body, { status });
}
