/** The names and addresses of the local machine, with or without a port. */
const LOCAL_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/**
 * Whether a `Host` header names the local machine. Other names must be rejected where only this machine may call, because of DNS
 * rebinding: a site can make its own name resolve to 127.0.0.1, so that browsers let its pages read the gateway's responses, but the
 * `Host` header is still the site's name.
 */
export function isLocalHost(host: string): boolean {
  return LOCAL_HOST.test(host);
}

/** The error message for requests with another `Host`. */
export const NOT_LOCAL_MESSAGE =
  'Without AUTH, this gateway serves only this machine, under the names localhost and 127.0.0.1.';
