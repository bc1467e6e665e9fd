import { GatewayError } from '../../domain/errors.ts';

/** Returns the value of a field that is null only because of an error; throws `UPSTREAM_INVALID_RESPONSE` if it is missing in the response. */
export function requireValue<Value>(value: Value | null, field: string): Value {
  if (value !== null) return value;
  throw new GatewayError('UPSTREAM_INVALID_RESPONSE', `The response of RealtimeKit lacks "${field}".`);
}
