import type { Plugin } from 'graphql-yoga';

/** The names and addresses of the local machine, with or without a port. */
const LOCAL_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/** Whether a `Host` header names the local machine. */
export function isLocalHost(host: string): boolean {
  return LOCAL_HOST.test(host);
}

/** The error message for requests with another `Host`. */
export const NOT_LOCAL_MESSAGE =
  'Without AUTH, this gateway serves only this machine, under the names localhost and 127.0.0.1.';

/**
 * Rejects requests whose `Host` does not name the local machine, with 421. This prevents DNS rebinding: a site can make its own name
 * resolve to 127.0.0.1, so that browsers let its pages read the gateway's responses, but the `Host` header is still the site's name.
 */
export function useHostCheck(): Plugin {
  return {
    onRequest(hook) {
      if (isLocalHost(hook.request.headers.get('host') ?? '')) return;
      hook.endResponse(new hook.fetchAPI.Response(`${NOT_LOCAL_MESSAGE}\n`, { status: 421 }));
    },
  };
}
