import { describe, expect, test } from 'vitest';

import { startTestGateway } from '../support/gateway.ts';

async function startWithReadiness(isReady: boolean) {
  const readinessDetails = () => ({ draining: !isReady, redis: 'down' });
  return startTestGateway({ options: { isReady: () => isReady, readinessDetails } });
}

describe('/ready', () => {
  test.each([
    [200, true],
    [503, false],
  ])('responds with %s and uncacheable details', async (status, ready) => {
    const response = await (await startWithReadiness(ready)).fetch('/ready');
    expect(response.status).toBe(status);
    expect(JSON.parse(response.text)).toEqual({ ready, draining: !ready, redis: 'down', upstream: 'unknown' });
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('cache-control')).toBe('private, no-store');
  });

  test.each([
    [200, true],
    [503, false],
  ])('responds to HEAD with %s and an empty body', async (status, ready) => {
    const response = await (await startWithReadiness(ready)).fetch('/ready', { method: 'HEAD' });
    expect([response.status, response.text]).toEqual([status, '']);
  });

  test('responds to POST with 404', async () => {
    const response = await (await startWithReadiness(true)).fetch('/ready', { method: 'POST' });
    expect(response.status).toBe(404);
  });

  test('costs no upstream request, and /health responds with 200 even when /ready does not', async () => {
    const gateway = await startWithReadiness(false);
    await gateway.fetch('/ready');
    expect((await gateway.fetch('/health')).status).toBe(200);
    expect(gateway.upstreamRequests()).toEqual([]);
  });
});
