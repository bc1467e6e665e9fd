import { type GatewayError, toGatewayError, userMessage } from './errors.ts';

/** An operation or a field that failed. `message` is for the user. */
export class OperationError extends Error {
  override readonly name = 'OperationError';
  readonly code: string;
  /** Whether trying again can help. */
  readonly retryable: boolean;
  /** How long to wait before the next attempt. */
  readonly retryAfterSeconds: number;

  constructor(error: GatewayError, message = userMessage(error)) {
    super(message, { cause: error });
    this.code = error.code;
    this.retryable = error.retryable;
    this.retryAfterSeconds = error.retryAfterSeconds ?? 0;
  }

  /** From an error of a response. */
  static from(error: Parameters<typeof toGatewayError>[0] | undefined): OperationError {
    return new OperationError(toGatewayError(error ?? { message: 'The response has neither data nor errors.' }));
  }

  /** There was no response, or it was not a GraphQL response. */
  static network(cause: unknown): OperationError {
    const error = { code: 'NETWORK_ERROR', message: String(cause), retryable: true };
    return new OperationError(error, 'There is no connection. Check your network, and try again.');
  }
}
