import { GatewayError } from '../domain/errors.ts';

/** The caller is not authenticated. `message` says what to send. A 401 response must name the scheme (RFC 9110, 11.6.1). */
export function unauthenticated(message: string, options: ErrorOptions = {}): GatewayError {
  const http = { status: 401, headers: { 'www-authenticate': 'Bearer' } };
  return new GatewayError('UNAUTHENTICATED', message, { ...options, http });
}

/** The caller lacks scopes: all scopes of at least one list are required. */
export function forbidden(scopes: readonly (readonly string[])[]): GatewayError {
  const required = scopes.map((list) => list.join(' and ')).join(', or ');
  return new GatewayError('FORBIDDEN', `This field requires the scope ${required}.`);
}
