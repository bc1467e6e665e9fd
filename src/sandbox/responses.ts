import type { ResponseFormats } from './settings.ts';

/** Where a page lies in its list: 1-based and inclusive; an empty page has 0 for both. */
export interface Paging {
  start_offset: number;
  end_offset: number;
  total_count: number;
}

/** What an endpoint has to say, before it takes one of the API's forms. */
export type EndpointResult =
  { kind: 'found'; data: unknown; status?: number; paging?: Paging } | { kind: 'nothing'; message: string };

/** The API refuses the request. */
export class ApiError extends Error {
  override name = 'Refusal';
  readonly status: number;
  readonly code: number;

  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** An answer in the form that the settings ask for. */
export function toResponse(answer: EndpointResult, responseFormats: ResponseFormats): Response {
  if (answer.kind === 'found') {
    const paging = answer.paging === undefined ? {} : { paging: answer.paging };
    return Response.json({ ...envelope(answer.data, responseFormats), ...paging }, { status: answer.status ?? 200 });
  }
  if (responseFormats.notFound === '404') return errorResponse(404, 404, answer.message, responseFormats.errors);
  return Response.json(envelope(responseFormats.notFound === 'null' ? null : {}, responseFormats));
}

/** An error as RealtimeKit (`error`) or the vendor's general layer (`errors`) writes it. */
export function errorResponse(
  status: number,
  code: number,
  message: string,
  form: ResponseFormats['errors'],
): Response {
  const body =
    form === 'error'
      ? { success: false, error: { code, message } }
      : { success: false, errors: [{ code, message }], messages: [], result: null };
  return Response.json(body, { status });
}

function envelope(content: unknown, responseFormats: ResponseFormats): Record<string, unknown> {
  return responseFormats.envelope === 'data'
    ? { success: true, data: content }
    : { success: true, errors: [], messages: [], result: content };
}
