import { describe, expect, test } from 'vitest';

import { startTestGateway } from '../../support/gateway.ts';

describe('/health', () => {
  test('answers 200 with the version, and costs no upstream request', async () => {
    const gateway = await startTestGateway({ options: { version: '1.2.3', isReady: () => false } });
    const response = await gateway.fetch('/health');
    expect(response.status).toBe(200);
    expect(JSON.parse(response.text)).toEqual({ status: 'ok', version: '1.2.3' });
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('cache-control')).toBe('private, no-store');
    expect(gateway.upstreamRequests()).toEqual([]);
  });

  test('answers 200 under any host name, and without a credential', async () => {
    const gateway = await startTestGateway({ options: { localOnly: true, auth: { kind: 'passthrough' } } });
    const response = await gateway.fetch('/health', { headers: { host: 'pod-1.example.com' } });
    expect(response.status).toBe(200);
    expect(JSON.parse(response.text)).toEqual({ status: 'ok' });
  });

  test('answers HEAD with 200 and no body', async () => {
    const response = await (await startTestGateway()).fetch('/health', { method: 'HEAD' });
    expect([response.status, response.text]).toEqual([200, '']);
  });

  test.each([
    ['POST', '/health'],
    ['GET', '/other/health'],
    ['GET', '/health//'],
  ])('does not answer %s %s', async (method, path) => {
    const response = await (await startTestGateway()).fetch(path, { method });
    expect(response.status).toBe(404);
  });
});
