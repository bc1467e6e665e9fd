import { GatewayError } from '../domain/errors.ts';

/** The caller has not shown who they are; `message` says what to send. By RFC 9110 (11.6.1) the answer names the scheme. */
export function unauthenticated(message: string, options: ErrorOptions = {}): GatewayError {
  const http = { status: 401, headers: { 'www-authenticate': 'Bearer' } };
  return new GatewayError('UNAUTHENTICATED', message, { ...options, http });
}

/** The caller may not have this. */
export function forbidden(scopes: readonly (readonly string[])[]): GatewayError {
  const wanted = scopes.map((all) => all.join(' and ')).join(', or ');
  return new GatewayError('FORBIDDEN', `This needs the scope ${wanted}.`);
}
