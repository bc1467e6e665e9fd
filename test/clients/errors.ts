// #region gateway-error
/** What a client needs of an error in `errors`. */
export interface GatewayError {
  code: string;
  message: string;
  retryable: boolean;
  /** With some errors that are `retryable`: how long to wait before the next attempt. */
  retryAfterSeconds?: number | undefined;
  /** With `INTERNAL_SERVER_ERROR`: finds the request in the gateway's log. */
  requestId?: string | undefined;
}

/** Reads an error of a response, which clients leave untyped. */
export function toGatewayError(error: {
  message: string;
  extensions?: Record<string, unknown> | undefined;
}): GatewayError {
  const { code, retryable, retryAfterSeconds, requestId } = error.extensions ?? {};
  return {
    code: typeof code === 'string' ? code : 'UNKNOWN',
    message: error.message,
    retryable: retryable === true,
    retryAfterSeconds: typeof retryAfterSeconds === 'number' ? retryAfterSeconds : undefined,
    requestId: typeof requestId === 'string' ? requestId : undefined,
  };
}
// #endregion

// #region user-message
/** What the user is shown for an error in `errors`. */
export function userMessage({ code, message, retryAfterSeconds, requestId }: GatewayError): string {
  switch (code) {
    case 'BAD_USER_INPUT':
      return message;
    case 'UNAUTHENTICATED':
      return 'Your session has expired. Sign in again.';
    case 'FORBIDDEN':
      return 'You do not have permission for this.';
    case 'RATE_LIMITED':
      return `Too many requests. Try again in ${retryAfterSeconds ?? 60} seconds.`;
    case 'UPSTREAM_TIMEOUT':
    case 'UPSTREAM_UNAVAILABLE':
      return 'The livestream service is not available. Try again in a minute.';
    default:
      return requestId === undefined ? 'Something went wrong.' : `Something went wrong (request ${requestId}).`;
  }
}

/** What the user is shown for an error in a mutation's `userErrors`, whose codes the schema types. */
export function userErrorMessage({ code, message }: { code: string; message: string }): string {
  switch (code) {
    case 'CONFLICT':
      return 'This meeting is live already.';
    case 'NOT_FOUND':
      return 'This meeting does not exist, or is not live.';
    case 'OUTCOME_UNKNOWN':
      return 'It is not certain that this worked. Check whether the meeting is live before you try again.';
    default:
      return message;
  }
}
// #endregion
