import { GatewayError } from '../domain/errors.ts';
import type { Span } from '../telemetry/tracer.ts';
import type { Method } from './transport.ts';

/** The span of one attempt to send a request. It contains the request's route, never its URL. */
export interface RequestSpan {
  /** The header that links upstream's own trace to this span (W3C Trace Context). */
  traceparent: string;
  endWithStatus(status: number): void;
  endWithError(error: unknown): void;
}

/** Starts a span; undefined if the operation is not traced. */
export function startRequestSpan(parent: Span | undefined, method: Method, route: string): RequestSpan | undefined {
  if (parent === undefined) return undefined;
  const attributes = { 'http.request.method': method, 'url.template': route };
  const span = parent.start(`${method} ${route}`, 'client', attributes);
  return {
    traceparent: span.traceparent,
    endWithStatus: (status) =>
      span.end({
        attributes: { 'http.response.status_code': status },
        errorCode: status >= 400 ? String(status) : undefined,
      }),
    endWithError: (error) => span.end({ errorCode: error instanceof GatewayError ? error.code : 'CANCELLED' }),
  };
}
