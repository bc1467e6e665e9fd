import { describe, expect, test } from 'vitest';
import { getAt, serveSandbox } from './serveSandbox.ts';

describe('the request quota', () => {
  test('is in the headers of every response', async () => {
    const { get, clock } = await serveSandbox();
    await get('/livestreams');
    clock.advance(1500);
    const { headers } = await get('/livestreams/none');
    expect(headers.get('ratelimit')).toBe('"default";r=1198;t=299');
    expect(headers.get('ratelimit-policy')).toBe('"default";q=1200;w=300');
  });

  test('locks a token out of all endpoints for lockoutSeconds after it is exceeded', async () => {
    const { get, clock } = await serveSandbox({ quota: { limit: 2, windowSeconds: 10, lockoutSeconds: 60 } });
    const statuses = [(await get('/livestreams')).status, (await get('/livestreams')).status];
    const rejected = await get('/meetings');
    expect([...statuses, rejected.status]).toEqual([200, 200, 429]);
    expect(rejected.headers.get('retry-after')).toBe('60');
    expect(getAt(rejected.body, 'success')).toBe(false);
    clock.advance(59_999);
    expect((await get('/livestreams')).status).toBe(429);
    clock.advance(1);
    expect((await get('/livestreams')).headers.get('ratelimit')).toBe('"default";r=1;t=10');
  });

  test('counts the requests that it rejected', async () => {
    const { get, sandbox } = await serveSandbox({ quota: { limit: 1 } });
    for (let sent = 0; sent < 3; sent += 1) await get('/livestreams');
    expect(sandbox.requests()).toMatchObject({ received: 3, rejected: 2 });
    sandbox.clearRequests();
    expect(sandbox.requests()).toMatchObject({ received: 0, rejected: 0 });
  });

  test('starts again with every window', async () => {
    const { get, clock } = await serveSandbox({ quota: { limit: 1, windowSeconds: 10 } });
    await get('/livestreams');
    clock.advance(10_000);
    expect((await get('/livestreams')).status).toBe(200);
  });

  test('counts each token separately', async () => {
    const { call } = await serveSandbox({ quota: { limit: 1 } });
    const as = async (token: string) =>
      (await call('/livestreams', { headers: { authorization: `Bearer ${token}` } })).status;
    expect([await as('a'), await as('a'), await as('b')]).toEqual([200, 429, 200]);
  });

  test('does not count requests to the control API', async () => {
    const { get, control } = await serveSandbox({ quota: { limit: 1 } });
    await control('GET', '/__sandbox');
    expect((await get('/livestreams')).status).toBe(200);
  });

  test('is counted but not enforced if enforced is false', async () => {
    const { get } = await serveSandbox({ quota: { limit: 1, enforced: false } });
    await get('/livestreams');
    const { status, headers } = await get('/livestreams');
    expect(status).toBe(200);
    expect(headers.get('ratelimit')).toContain('r=0;');
  });
});
