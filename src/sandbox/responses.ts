import { RequestError } from './input.ts';
import { createJsonWriter } from './responseFormats.ts';
import type { EndpointResult, RestCall } from './restCall.ts';
import type { Match } from './routes.ts';
import type { ResponseFormats } from './settings.ts';

/** Calls the endpoint of a request, and writes its result or its error in the format of the settings. */
export function callEndpoint(match: Match, call: Pick<RestCall, 'query' | 'body' | 'world' | 'webhooks' | 'settings'>) {
  if (match.endpoint === undefined) return cloudflareError(match.status, 7003);
  const { endpoint, ...ids } = match;
  const formats = call.settings.responseFormats;
  const writer = createJsonWriter(call.world, formats, endpoint.types);
  try {
    return resultResponse(endpoint.handle({ ...call, ...ids, formats, writer }), endpoint.status, formats);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    const isNothing = endpoint.method === 'GET' && error.status === 404 && formats.notFound !== '404';
    if (!isNothing) return errorResponse(error, formats.errors);
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
function errorResponse({ status, message }: RequestError, format: ResponseFormats['errors']): Response {
  if (format === 'errors') return cloudflareError(status, status, message);
  return Response.json({ success: false, error: { code: status, message } }, { status });
}

/** Errors of Cloudflare's general API layer, by code. */
const CLOUDFLARE_ERRORS: Readonly<Record<number, { message: string; error_chain?: object[] }>> = {
  971: { message: 'Please wait and consider throttling your request speed' },
  6003: {
    message: 'Invalid request headers',
    error_chain: [{ code: 6111, message: 'Invalid format for Authorization header' }],
  },
  7000: { message: 'No route for that URI' },
  7003: { message: 'Could not route to /accounts/any-account, perhaps your object identifier is invalid?' },
  9109: { message: 'Invalid access token' },
  10000: { message: 'Authentication error' },
  10100: { message: 'More than 1200 requests per 300 seconds reached. Please wait and consider throttling' },
};

/** An error response in the format of Cloudflare's general API layer. */
export function cloudflareError(status: number, code: number, message?: string): Response {
  return Response.json(cloudflareErrorBody(code, message), { status });
}

/** The body of such a response. `message` is for a code that is not one of the layer's own. */
export function cloudflareErrorBody(code: number, message = 'A fault of the sandbox affects this request') {
  const errors = [{ code, ...(CLOUDFLARE_ERRORS[code] ?? { message }) }];
  return { success: false, errors, messages: [], result: null };
}
