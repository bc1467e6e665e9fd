import { describe, expect, test } from 'vitest';
import { at, serve } from './support.ts';
import { eventually } from '../support/eventually.ts';

const START = '/meetings/{meeting_id}/livestreams';

describe('a fault', () => {
  test('status fails with that status and says when to retry', async () => {
    const { sandbox, get } = await serve();
    sandbox.setFaults([{ kind: 'status', status: 503, retryAfterSeconds: 7 }]);
    const { status, headers, body } = await get('/livestreams');
    expect(status).toBe(503);
    expect(headers.get('retry-after')).toBe('7');
    expect(at(body, 'success')).toBe(false);
  });

  test('strikes only its method and route, lets some pass, and wears out', async () => {
    const { sandbox, get } = await serve();
    sandbox.setFaults([{ kind: 'status', method: 'get', route: '/meetings', skip: 1, times: 2 }]);
    expect((await get('/livestreams')).status).toBe(200);
    const statuses: number[] = [];
    for (let request = 0; request < 4; request += 1) statuses.push((await get('/meetings')).status);
    expect(statuses).toEqual([200, 503, 503, 200]);
  });

  test.each(['status', 'reset', 'html', 'empty', 'not-json'] as const)(
    '%s loses the request itself, or with `after` only its answer',
    async (kind) => {
      const { sandbox, call, exampleIds } = await serve();
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

  test('hang answers never, and ends when the client leaves', async () => {
    const { sandbox, call } = await serve();
    sandbox.setFaults([{ kind: 'hang' }]);
    const client = new AbortController();
    const answer = call('/livestreams', { signal: client.signal });
    await eventually(() => expect(sandbox.requests().inFlight).toBe(1));
    client.abort();
    await expect(answer).rejects.toThrow('aborted');
    await eventually(() => expect(sandbox.requests().inFlight).toBe(0));
  });

  test('reset closes the connection without an answer', async () => {
    const { sandbox, call } = await serve();
    sandbox.setFaults([{ kind: 'reset' }]);
    await expect(call('/livestreams')).rejects.toThrow('fetch failed');
  });

  test('truncated announces more than it sends', async () => {
    const { sandbox, call } = await serve();
    sandbox.setFaults([{ kind: 'truncated' }]);
    const response = await call('/livestreams');
    expect(response.status).toBe(200);
    expect(Number(response.headers.get('content-length'))).toBeGreaterThan(1000);
    await expect(response.text()).rejects.toThrow('terminated');
  });

  test('html, empty and not-json are what proxies send', async () => {
    const { sandbox, call } = await serve();
    const answers = async (kind: 'html' | 'empty' | 'not-json') => {
      sandbox.setFaults([{ kind }]);
      const response = await call('/livestreams');
      return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
    };
    expect(await answers('html')).toMatchObject({ status: 502, type: 'text/html' });
    expect(await answers('empty')).toMatchObject({ status: 200, text: '' });
    const broken = await answers('not-json');
    expect(broken).toMatchObject({ status: 200, type: 'application/json' });
    expect(() => void JSON.parse(broken.text)).toThrow(SyntaxError);
  });

  test('redirect leads into a trap that shows in the log', async () => {
    const { sandbox, call, origin } = await serve();
    sandbox.setFaults([{ kind: 'redirect', times: 1 }]);
    const response = await call('/livestreams');
    expect(response.status).toBe(302);
    await fetch(new URL(String(response.headers.get('location')), origin));
    expect(sandbox.requests().requests.map(({ route }) => route)).toEqual(['/livestreams', '/__sandbox/trap']);
  });

  test('redirect can lead anywhere', async () => {
    const { sandbox, call } = await serve();
    sandbox.setFaults([{ kind: 'redirect', status: 307, location: 'http://127.0.0.1:9/' }]);
    const response = await call('/livestreams');
    expect([response.status, response.headers.get('location')]).toEqual([307, 'http://127.0.0.1:9/']);
  });

  test('huge sends more than 8 MiB', async () => {
    const { sandbox, call } = await serve();
    sandbox.setFaults([{ kind: 'huge' }]);
    const body = await (await call('/livestreams')).arrayBuffer();
    expect(body.byteLength).toBeGreaterThan(8 * 2 ** 20);
  });

  test('drip sends a byte at a time, by the clock', async () => {
    const { sandbox, call, clock } = await serve();
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
  test('delays the answer by the clock', async () => {
    const { get, clock, sandbox } = await serve({ latencyMs: 400 });
    const answer = get('/livestreams');
    await eventually(() => expect(clock.pending()).toBe(1));
    expect(sandbox.requests().inFlight).toBe(1);
    clock.advance(400);
    expect((await answer).status).toBe(200);
  });

  test('lets many requests be open at once, and counts them', async () => {
    const { get, clock, sandbox } = await serve({ latencyMs: 400 });
    const answers = Array.from({ length: 5 }, () => get('/livestreams'));
    await eventually(() => expect(clock.pending()).toBe(5));
    clock.advance(400);
    await Promise.all(answers);
    expect(sandbox.requests()).toMatchObject({ inFlight: 0, maxInFlight: 5 });
  });
});
