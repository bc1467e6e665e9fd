import { describe, expect, test } from 'vitest';

import { startTestGateway } from '../support/gateway.ts';

async function startWith(isReady: boolean) {
  const readinessDetails = () => ({ draining: !isReady, redis: 'down' });
  return startTestGateway({ options: { isReady: () => isReady, readinessDetails } });
}

describe('/ready', () => {
  test.each([
    [200, true],
    [503, false],
  ])('answers %s with its details, which nobody keeps', async (status, ready) => {
    const answer = await (await startWith(ready)).fetch('/ready');
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toEqual({ ready, draining: !ready, redis: 'down' });
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  test.each([
    [200, true],
    [503, false],
  ])('answers HEAD with %s too', async (status, ready) => {
    const answer = await (await startWith(ready)).fetch('/ready', { method: 'HEAD' });
    expect([answer.status, answer.text]).toEqual([status, '']);
  });

  test('is nothing that can be posted to', async () => {
    const answer = await (await startWith(true)).fetch('/ready', { method: 'POST' });
    expect(answer.status).toBe(404);
  });

  test('costs no upstream request, and /health tells only that the process lives', async () => {
    const gateway = await startWith(false);
    await gateway.fetch('/ready');
    expect((await gateway.fetch('/health')).status).toBe(200);
    expect(gateway.upstream()).toEqual([]);
  });
});
