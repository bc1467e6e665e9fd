import { describe, expect, test } from 'vitest';
import { DEFAULT_SETTINGS } from '../../src/sandbox/settings.ts';
import { getAt, serveSandbox } from './serveSandbox.ts';

describe('the control API', () => {
  test('returns the state of the sandbox', async () => {
    const { control, exampleIds, clock } = await serveSandbox();
    const { status, body } = await control('GET', '/__sandbox');
    expect((await control('GET', '/__sandbox/')).body).toEqual(body);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      settings: DEFAULT_SETTINGS,
      faults: [],
      clock: { now: new Date(clock.now()).toISOString(), running: true },
      exampleIds,
    });
  });

  test('merges settings deeply', async () => {
    const { control } = await serveSandbox();
    await control('PUT', '/__sandbox/settings', { quota: { limit: 5 } });
    const { body } = await control('PUT', '/__sandbox/settings', {
      latencyMs: 10,
      responseFormats: { list: 'nested' },
    });
    expect(body).toEqual({
      ...DEFAULT_SETTINGS,
      latencyMs: 10,
      quota: { ...DEFAULT_SETTINGS.quota, limit: 5 },
      responseFormats: { ...DEFAULT_SETTINGS.responseFormats, list: 'nested' },
    });
  });

  test.each([
    ['/__sandbox/settings', { latency: 5 }, 'latency is unknown'],
    ['/__sandbox/settings', { responseFormats: { lists: 'array' } }, 'responseFormats.lists is unknown'],
    ['/__sandbox/settings', { responseFormats: { list: 'tree' } }, 'responseFormats.list must be one of'],
    ['/__sandbox/settings', { latencyMs: 5, quota: { limit: -1 } }, 'quota.limit must be'],
    ['/__sandbox/settings', [], 'must be a JSON object'],
    ['/__sandbox/faults', {}, 'faults must be a JSON array'],
    ['/__sandbox/faults', [{ kind: 'flood' }], 'faults[0].kind must be one of'],
    ['/__sandbox/faults', [{ kind: 'hang' }, { kind: 'hang', route: '/live' }], 'faults[1].route must be one of'],
    ['/__sandbox/faults', [{ kind: 'hang', every: 2 }], 'faults[0].every is unknown'],
    ['/__sandbox/clock', { now: 'noon' }, 'now must be an ISO 8601 time'],
    ['/__sandbox/clock', { advanceSeconds: 1e300 }, 'advanceSeconds'],
    ['/__sandbox/clock', {}, 'now, advanceSeconds or running'],
  ])('rejects at %s the body %j with the name of the key, and changes nothing', async (path, body, message) => {
    const { control } = await serveSandbox();
    const before = await control('GET', '/__sandbox');
    const response = await control('PUT', path, body);
    expect(response.status).toBe(400);
    expect(getAt(response.body, 'error')).toContain(message);
    expect((await control('GET', '/__sandbox')).body).toEqual(before.body);
  });

  test('rejects a body that is not JSON, and lists its routes for an unknown one', async () => {
    const { origin, control } = await serveSandbox();
    const notJson = await fetch(`${origin}/__sandbox/settings`, { method: 'PUT', body: '{' });
    expect(notJson.status).toBe(400);
    const unknown = await control('GET', '/__sandbox/setting');
    expect(unknown.status).toBe(404);
    expect(getAt(unknown.body, 'error')).toContain('PUT /__sandbox/settings');
  });

  test('stops the clock, moves it and lets it run again', async () => {
    const { control, clock } = await serveSandbox();
    const set = async (change: unknown) => getAt((await control('PUT', '/__sandbox/clock', change)).body, 'now');
    expect(await set({ now: '2030-05-01T10:00:00Z' })).toBe('2030-05-01T10:00:00.000Z');
    clock.advance(60_000);
    expect(await set({ advanceSeconds: 5 })).toBe('2030-05-01T10:00:05.000Z');
    expect(await set({ running: true })).toBe('2030-05-01T10:00:05.000Z');
    clock.advance(1000);
    expect(await set({ running: false })).toBe('2030-05-01T10:00:06.000Z');
    clock.advance(1000);
    expect(await set({ advanceSeconds: -6 })).toBe('2030-05-01T10:00:00.000Z');
  });

  test('returns the log of requests, by route and without credentials', async () => {
    const { call, post, control, exampleIds, clock } = await serveSandbox();
    await call('/livestreams?status=LIVE', { headers: { authorization: 'Bearer secret-token' } });
    await post(`/meetings/${exampleIds.liveMeetingId}/livestreams`, { name: 'Twice' });
    const { body } = await control('GET', '/__sandbox/requests');
    const receivedAt = new Date(clock.now()).toISOString();
    const base = '/client/v4/accounts/an-account/realtime/kit/an-app';
    expect(body).toEqual({
      requests: [
        { method: 'GET', route: '/livestreams', path: `${base}/livestreams`, query: { status: 'LIVE' }, receivedAt },
        {
          method: 'POST',
          route: '/meetings/{meeting_id}/livestreams',
          path: `${base}/meetings/${exampleIds.liveMeetingId}/livestreams`,
          query: {},
          body: { name: 'Twice' },
          receivedAt,
        },
      ],
      received: 2,
      rejected: 0,
      inFlight: 0,
      maxInFlight: 1,
    });
    expect(JSON.stringify(body)).not.toContain('secret-token');
  });

  test('clears the log of requests', async () => {
    const { get, control } = await serveSandbox();
    await get('/livestreams');
    const { body } = await control('DELETE', '/__sandbox/requests');
    expect(body).toEqual({ requests: [], received: 0, rejected: 0, inFlight: 0, maxInFlight: 0 });
  });

  test('resets the whole state', async () => {
    const { get, post, control, exampleIds, clock } = await serveSandbox({ goLiveAfterMs: 1 });
    const untouched = (await control('GET', '/__sandbox')).body;
    const livestreams = (await get('/livestreams')).body;
    await post(`/meetings/${exampleIds.liveMeetingId}/active-livestream/stop`);
    await control('PUT', '/__sandbox/settings', { latencyMs: 5000 });
    await control('PUT', '/__sandbox/faults', [{ kind: 'hang' }]);
    await control('PUT', '/__sandbox/clock', { now: new Date(clock.now() + 5000).toISOString() });
    const { body } = await control('POST', '/__sandbox/reset');
    expect(body).toEqual(untouched);
    expect((await get('/livestreams')).body).toEqual(livestreams);
  });
});
