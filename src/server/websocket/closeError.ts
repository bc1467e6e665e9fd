/** A close frame has room for so many bytes of its reason (RFC 6455, section 5.5). */
const MAX_REASON_BYTES = 123;

/** Closes the connection with a code and a reason, of which as many characters are sent as have room. */
export class CloseError extends Error {
  readonly code: number;

  constructor(code: number, reason: string) {
    super(reason.slice(0, new TextEncoder().encodeInto(reason, new Uint8Array(MAX_REASON_BYTES)).read));
    this.code = code;
  }
}
