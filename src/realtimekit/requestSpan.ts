import { GatewayError } from '../domain/errors.ts';
import type { Span } from '../telemetry/tracer.ts';
import type { Method } from './transport.ts';

/** One upstream request as a trace tells it: by its route, never by its URL. */
export interface RequestSpan {
  /** By which upstream's own traces could go on from here. */
  headers: { traceparent: string };
  answered(status: number): void;
  failed(error: unknown): void;
}

/** Undefined where the operation is not traced. */
export function startRequestSpan(parent: Span | undefined, method: Method, route: string): RequestSpan | undefined {
  if (parent === undefined) return undefined;
  const attributes = { 'http.request.method': method, 'url.template': route };
  const span = parent.start(`${method} ${route}`, 'client', attributes);
  return {
    headers: { traceparent: span.traceparent },
    answered: (status) =>
      span.end({
        attributes: { 'http.response.status_code': status },
        failure: status >= 400 ? String(status) : undefined,
      }),
    failed: (error) => span.end({ failure: error instanceof GatewayError ? error.code : 'CANCELLED' }),
  };
}
