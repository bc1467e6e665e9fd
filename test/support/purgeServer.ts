import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

import * as v from 'valibot';

import type { PurgeSettings } from '../../src/purge/purger.ts';
import { cleanUpAfterTest } from './cleanup.ts';

export const ZONE = '9a7806061c88ada191ed06f989cc3dac';
export const PURGE_TOKEN = 'cf-t0ken.secret';
export const ROUTER_KEY = 'sh4red-key';

const cloudflareBody = v.object({ tags: v.array(v.string()) });
const routerBody = v.array(
  v.object({ kind: v.literal('cache_tag'), subgraphs: v.tuple([v.literal('livestreams')]), cache_tag: v.string() }),
);

/** A purge that the server has accepted, or would have if it responded. */
export interface ReceivedPurge {
  endpoint: 'cloudflare' | 'router';
  tags: string[];
}

/**
 * Starts a server with Cloudflare's purge by tag and Apollo Router's invalidation endpoint, in their documented form. It checks paths,
 * credentials and bodies as they do.
 */
export async function startPurgeServer() {
  const purges: ReceivedPurge[] = [];
  /** `ok`, a status to fail with, or `hang`: never to respond. */
  let behaviour: 'ok' | 'hang' | number = 'ok';

  function respond(response: ServerResponse, status: number, body: object): void {
    if (behaviour === 'hang') return;
    const failed = behaviour === 'ok' ? null : behaviour;
    response.writeHead(failed ?? status, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify(failed === null ? body : { success: false, errors: [{ code: 10_000, message: PURGE_TOKEN }] }),
    );
  }

  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { method, url, headers } = request;
      if (method !== 'POST' || headers['content-type'] !== 'application/json') return respond(response, 405, {});
      if (url === `/client/v4/zones/${ZONE}/purge_cache` && headers.authorization === `Bearer ${PURGE_TOKEN}`) {
        purges.push({ endpoint: 'cloudflare', tags: v.parse(cloudflareBody, JSON.parse(body)).tags });
        return respond(response, 200, { success: true, errors: [], messages: [], result: { id: ZONE } });
      }
      if (url === '/invalidation' && headers.authorization === ROUTER_KEY) {
        const tags = v.parse(routerBody, JSON.parse(body)).map((each) => each.cache_tag);
        purges.push({ endpoint: 'router', tags });
        return respond(response, 202, { count: tags.length });
      }
      return respond(response, 401, { success: false, errors: [{ code: 10_000, message: 'Authentication error' }] });
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The server listens on no port.');
  cleanUpAfterTest(async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  });
  const origin = `http://127.0.0.1:${address.port}`;
  const cloudflare = { baseUrl: `${origin}/client/v4`, zoneId: ZONE, token: PURGE_TOKEN };
  const router = { url: `${origin}/invalidation`, key: ROUTER_KEY, subgraph: 'livestreams' };
  return {
    origin,
    settings: { cloudflare, router } satisfies PurgeSettings,
    purges,
    /** The tags of all purges at an endpoint, sorted. */
    tagsAt: (endpoint: ReceivedPurge['endpoint']): string[] =>
      purges.flatMap((purge) => (purge.endpoint === endpoint ? purge.tags : [])).toSorted(),
    behave: (how: typeof behaviour): void => void (behaviour = how),
  };
}
