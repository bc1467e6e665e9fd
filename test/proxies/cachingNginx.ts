import { type OutgoingRequest, send } from './send.ts';
import { documentedConfig, startProxy } from './startProxy.ts';

/** What a request gets. */
export interface Outcome {
  status: number;
  /** Nginx's `$upstream_cache_status`: `HIT` if the response came from its cache. */
  cache: string | undefined;
  text: string;
  /** The header fields that must fit the request. */
  fields: Record<string, unknown>;
}

/** A request; GET without headers unless it says otherwise. */
export type Sent = Partial<OutgoingRequest>;

export const byGet = (
  query: string,
  headers: Record<string, string> = {},
  more: Record<string, string> = {},
): Sent => ({
  path: `/graphql?${new URLSearchParams({ query, ...more }).toString()}`,
  headers,
});

/**
 * Starts nginx with a cache, as documented, in front of a gateway. It adds whether a response is from its cache. If it does not heed
 * `Vary`, it hands what it has stored to everybody who sends the same URL, as some CDNs do.
 */
export async function startCachingNginx(gatewayHost: string, { heedsVary = true } = {}) {
  const more = `add_header x-cache $upstream_cache_status always;${heedsVary ? '' : ' proxy_ignore_headers Vary;'}`;
  const config = documentedConfig('nginx caching').replace('location / {', `location / {\n${more}`);
  const proxy = await startProxy('nginx', config, gatewayHost);
  return {
    throughNginx: async (sent: Sent) => request(`https://${proxy.host}`, sent),
    directly: async (sent: Sent) => request(`http://${gatewayHost}`, sent),
    end: async () => proxy.end(),
  };
}

export type CachingNginx = Awaited<ReturnType<typeof startCachingNginx>>;

async function request(origin: string, sent: Sent): Promise<Outcome> {
  const reply = await send('HTTP/1.1', origin, { method: 'GET', path: '/graphql', headers: {}, ...sent });
  await reply.whenEnded;
  const { headers, status } = reply;
  const names = ['content-type', 'access-control-allow-origin', 'www-authenticate', 'allow'];
  return {
    status,
    cache: headers['x-cache']?.toString(),
    text: reply.text(),
    fields: Object.fromEntries(names.map((name) => [name, headers[name]])),
  };
}
