import { describe, expect, test } from 'vitest';
import { getAt, serveSandbox } from './serveSandbox.ts';
import { eventually } from '../support/eventually.ts';

const START = '/meetings/{meeting_id}/livestreams';

describe('a fault', () => {
  test('status responds with that status and retry-after', async () => {
    const { sandbox, get } = await serveSandbox();
    sandbox.setFaults([{ kind: 'status', status: 503, retryAfterSeconds: 7 }]);
    const { status, headers, body } = await get('/livestreams');
    expect(status).toBe(503);
    expect(headers.get('retry-after')).toBe('7');
    expect(getAt(body, 'success')).toBe(false);
  });

  test.each([
    [429, 971, 'Please wait and consider throttling your request speed'],
    [429, 10_100, 'More than 1200 requests per 300 seconds reached. Please wait and consider throttling'],
    [400, 6003, 'Invalid request headers'],
    [403, 9109, 'Invalid access token'],
  ])("status %i with code %i responds as Cloudflare's API layer does", async (status, code, message) => {
    const { sandbox, get } = await serveSandbox();
    sandbox.setFaults([{ kind: 'status', status, code }]);
    const response = await get('/livestreams');
    expect(response.status).toBe(status);
    expect(response.body).toMatchObject({ success: false, errors: [{ code, message }], result: null });
  });

  test('affects only requests of its method and route, after `skip` requests, and `times` of them', async () => {
    const { sandbox, get } = await serveSandbox();
    sandbox.setFaults([{ kind: 'status', method: 'get', route: '/meetings', skip: 1, times: 2 }]);
    expect((await get('/livestreams')).status).toBe(200);
    const statuses: number[] = [];
    for (let request = 0; request < 4; request += 1) statuses.push((await get('/meetings')).status);
    expect(statuses).toEqual([200, 503, 503, 200]);
  });

  test.each(['status', 'reset', 'html', 'empty', 'not-json'] as const)(
    '%s prevents the request, or with `after` loses only its response',
    async (kind) => {
      const { sandbox, call, exampleIds } = await serveSandbox();
      const path = `/meetings/${exampleIds.emptyMeetingId}/livestreams`;
      const start = () => call(path, { method: 'POST', body: '{}' }).catch(() => undefined);
      sandbox.setFaults([{ kind, route: START }]);
      await start();
      expect(sandbox.overview().counts.livestreams).toBe(320);
      sandbox.setFaults([{ kind, route: START, after: true }]);
      await start();
      expect(sandbox.overview().counts.livestreams).toBe(321);
    },
  );

  test('hang never responds, and ends when the client disconnects', async () => {
    const { sandbox, call } = await serveSandbox();
    sandbox.setFaults([{ kind: 'hang' }]);
    const client = new AbortController();
    const response = call('/livestreams', { signal: client.signal });
    await eventually(() => expect(sandbox.requests().inFlight).toBe(1));
    client.abort();
    await expect(response).rejects.toThrow('aborted');
    await eventually(() => expect(sandbox.requests().inFlight).toBe(0));
  });

  test('reset closes the connection without a response', async () => {
    const { sandbox, call } = await serveSandbox();
    sandbox.setFaults([{ kind: 'reset' }]);
    await expect(call('/livestreams')).rejects.toThrow('fetch failed');
  });

  test('truncated sends less than its content-length', async () => {
    const { sandbox, call } = await serveSandbox();
    sandbox.setFaults([{ kind: 'truncated' }]);
    const response = await call('/livestreams');
    expect(response.status).toBe(200);
    expect(Number(response.headers.get('content-length'))).toBeGreaterThan(1000);
    await expect(response.text()).rejects.toThrow('terminated');
  });

  test('html, empty and not-json send responses like those of proxies', async () => {
    const { sandbox, call } = await serveSandbox();
    const respond = async (kind: 'html' | 'empty' | 'not-json') => {
      sandbox.setFaults([{ kind }]);
      const response = await call('/livestreams');
      return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
    };
    expect(await respond('html')).toMatchObject({ status: 502, type: 'text/html' });
    expect(await respond('empty')).toMatchObject({ status: 200, text: '' });
    const broken = await respond('not-json');
    expect(broken).toMatchObject({ status: 200, type: 'application/json' });
    expect(() => void JSON.parse(broken.text)).toThrow(SyntaxError);
  });

  test('redirect leads to a trap, which logs the request', async () => {
    const { sandbox, call, origin } = await serveSandbox();
    sandbox.setFaults([{ kind: 'redirect', times: 1 }]);
    const response = await call('/livestreams');
    expect(response.status).toBe(302);
    await fetch(new URL(String(response.headers.get('location')), origin));
    expect(sandbox.requests().requests.map(({ route }) => route)).toEqual(['/livestreams', '/__sandbox/trap']);
  });

  test('redirect leads to its location', async () => {
    const { sandbox, call } = await serveSandbox();
    sandbox.setFaults([{ kind: 'redirect', status: 307, location: 'http://127.0.0.1:9/' }]);
    const response = await call('/livestreams');
    expect([response.status, response.headers.get('location')]).toEqual([307, 'http://127.0.0.1:9/']);
  });

  test('huge sends more than 8 MiB', async () => {
    const { sandbox, call } = await serveSandbox();
    sandbox.setFaults([{ kind: 'huge' }]);
    const body = await (await call('/livestreams')).arrayBuffer();
    expect(body.byteLength).toBeGreaterThan(8 * 2 ** 20);
  });

  test('drip sends one byte at each interval of the clock', async () => {
    const { sandbox, call, clock } = await serveSandbox();
    sandbox.setFaults([{ kind: 'drip' }]);
    const response = await call('/livestreams/none');
    const reader = response.body?.getReader();
    const chunks = [reader?.read(), reader?.read()];
    for (const chunk of chunks) {
      await eventually(() => expect(clock.pending()).toBe(1));
      clock.advance(250);
      expect((await chunk)?.value).toHaveLength(1);
    }
    await reader?.cancel();
    await eventually(() => expect(clock.pending()).toBe(0));
  });
});

describe('latency', () => {
  test('delays the response', async () => {
    const { get, clock, sandbox } = await serveSandbox({ latencyMs: 400 });
    const response = get('/livestreams');
    await eventually(() => expect(clock.pending()).toBe(1));
    expect(sandbox.requests().inFlight).toBe(1);
    clock.advance(400);
    expect((await response).status).toBe(200);
  });

  test('does not limit concurrent requests, and counts them', async () => {
    const { get, clock, sandbox } = await serveSandbox({ latencyMs: 400 });
    const responses = Array.from({ length: 5 }, () => get('/livestreams'));
    await eventually(() => expect(clock.pending()).toBe(5));
    clock.advance(400);
    await Promise.all(responses);
    expect(sandbox.requests()).toMatchObject({ inFlight: 0, maxInFlight: 5 });
  });
});
