import { describe, expect, it } from 'vitest';

import { createWorker } from '../../src/workers/routing.ts';

/** Objects that answer with their name. */
const namespace = (fetch: (name: string) => Promise<Response>) => ({
  getByName: (name: string) => ({ fetch: async () => fetch(name) }),
});

const request = (headers: Record<string, string> = {}): Request =>
  new Request('https://gateway.test/graphql', { method: 'POST', headers });

async function objectOf(auth: string, headers?: Record<string, string>): Promise<string> {
  const GATEWAY = namespace(async (name) => new Response(name));
  return (await createWorker()(request(headers), { GATEWAY, AUTH: auth })).text();
}

describe('the Worker', () => {
  it('sends all callers of the gateway’s own credential to one object', async () => {
    const first = await objectOf('api-key', { 'x-api-key': 'one' });
    expect(await objectOf('api-key', { 'x-api-key': 'two' })).toBe(first);
    expect(await objectOf('jwt', { authorization: 'Bearer two' })).toBe(first);
  });

  it('sends callers with different RealtimeKit tokens to different objects, whose names do not contain the token', async () => {
    const token = 'Sn3lZJTBX6kkg7OdcBUAxOO963GEIyGQqnFTOFYY';
    const name = await objectOf('passthrough', { authorization: `Bearer ${token}` });
    expect(name).not.toContain(token);
    expect(await objectOf('passthrough', { authorization: `Bearer ${token}` })).toBe(name);
    expect(await objectOf('passthrough', { authorization: 'Bearer another' })).not.toBe(name);
    expect(await objectOf('passthrough')).toBe(await objectOf('passthrough', { authorization: 'Basic a' }));
  });

  it('sends a request that offers another protocol than WebSocket to the object of its token, whose budget it spends', async () => {
    const token = { authorization: 'Bearer token-a' };
    const name = await objectOf('passthrough', token);
    for (const upgrade of ['h2c', 'websocket']) expect(await objectOf('passthrough', { ...token, upgrade })).toBe(name);
  });

  it('says that the outcome is not known if the object ends in the middle of a request, and does not repeat the request', async () => {
    let requests = 0;
    const GATEWAY = namespace(async () => {
      requests += 1;
      throw new Error('The object was reset.');
    });
    const response = await createWorker()(request(), { GATEWAY, AUTH: 'api-key' });
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await response.json()).toMatchObject({
      errors: [{ extensions: { code: 'INTERNAL_SERVER_ERROR', retryable: false } }],
    });
    expect(requests).toBe(1);
  });

  it('keeps Cloudflare from compressing the multipart format of subscriptions, which would hold events back', async () => {
    const encodingOf = async (type: string): Promise<string | null> => {
      const GATEWAY = namespace(async () => new Response('', { headers: { 'content-type': type } }));
      const { headers } = await createWorker()(request(), { GATEWAY, AUTH: 'api-key' });
      return headers.get('content-encoding');
    };
    expect(await encodingOf('multipart/mixed; boundary=graphql; subscriptionSpec=1.0')).toBe('identity');
    expect(await encodingOf('application/json')).toBeNull();
  });
});
