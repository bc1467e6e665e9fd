import type { Shapes } from './settings.ts';

/** Where a page lies in its list: 1-based and inclusive; an empty page has 0 for both. */
export interface Paging {
  start_offset: number;
  end_offset: number;
  total_count: number;
}

/** What an endpoint has to say, before it takes one of the API's forms. */
export type Answer =
  { kind: 'found'; data: unknown; status?: number; paging?: Paging } | { kind: 'nothing'; message: string };

/** The API refuses the request. */
export class Refusal extends Error {
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
export function render(answer: Answer, shapes: Shapes): Response {
  if (answer.kind === 'found') {
    const paging = answer.paging === undefined ? {} : { paging: answer.paging };
    return Response.json({ ...envelope(answer.data, shapes), ...paging }, { status: answer.status ?? 200 });
  }
  if (shapes.nothing === '404') return renderError(404, 404, answer.message, shapes.errors);
  return Response.json(envelope(shapes.nothing === 'null' ? null : {}, shapes));
}

/** An error as RealtimeKit (`error`) or the vendor's general layer (`errors`) writes it. */
export function renderError(status: number, code: number, message: string, form: Shapes['errors']): Response {
  const body =
    form === 'error'
      ? { success: false, error: { code, message } }
      : { success: false, errors: [{ code, message }], messages: [], result: null };
  return Response.json(body, { status });
}

function envelope(content: unknown, shapes: Shapes): Record<string, unknown> {
  return shapes.envelope === 'data'
    ? { success: true, data: content }
    : { success: true, errors: [], messages: [], result: content };
}
