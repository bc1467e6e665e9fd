import type { ResponseFormats } from './settings.ts';

/** The position of a page in its list: 1-based and inclusive. Both offsets of an empty page are 0. */
export interface Paging {
  start_offset: number;
  end_offset: number;
  total_count: number;
}

/** The result of an endpoint, before it is written in one of the API's formats. */
export type EndpointResult =
  | { kind: 'found'; data: unknown; status?: number; paging?: Paging | undefined }
  | { kind: 'notFound'; message: string };

/** The API rejects the request. */
export class ApiError extends Error {
  override name = 'ApiError';
  /** The HTTP status. */
  readonly status: number;
  readonly code: number;

  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Writes a result in the format of the settings. */
export function toResponse(result: EndpointResult, responseFormats: ResponseFormats): Response {
  if (result.kind === 'found') {
    const { data, paging, status = 200 } = result;
    return Response.json({ ...envelope(data, responseFormats), paging }, { status });
  }
  if (responseFormats.notFound === '404') return errorResponse(404, 404, result.message, responseFormats.errors);
  return Response.json(envelope(responseFormats.notFound === 'null' ? null : {}, responseFormats));
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

function envelope(data: unknown, responseFormats: ResponseFormats): Record<string, unknown> {
  return responseFormats.envelope === 'data'
    ? { success: true, data }
    : { success: true, errors: [], messages: [], result: data };
}
