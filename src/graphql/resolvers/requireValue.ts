import { GatewayError } from '../../domain/errors.ts';

/** A field that may not be null, of a model in which null is what upstream did not tell. */
export function requireValue<Value>(value: Value | null, field: string): Value {
  if (value !== null) return value;
  throw new GatewayError('UPSTREAM_INVALID_RESPONSE', `RealtimeKit's answer does not tell "${field}".`);
}
