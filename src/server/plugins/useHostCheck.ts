import type { Plugin } from 'graphql-yoga';

/** The names by which a machine calls itself, with or without a port. */
const LOCAL = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

export function isLocalHost(host: string): boolean {
  return LOCAL.test(host);
}

/**
 * Serves those alone who call this machine by its own names. A page of any site can have its name point here (DNS rebinding), and
 * the browser then takes the answer for the site's own; the `Host` that it sends is the site's.
 */
export function useHostCheck(): Plugin {
  return {
    onRequest(hook) {
      if (isLocalHost(hook.request.headers.get('host') ?? '')) return;
      const words = 'Without AUTH this gateway is served to this machine alone, as localhost or 127.0.0.1.\n';
      hook.endResponse(new hook.fetchAPI.Response(words, { status: 421 }));
    },
  };
}
