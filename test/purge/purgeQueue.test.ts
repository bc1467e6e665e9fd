import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { TransportError } from '../../src/realtimekit/transport.ts';
import { matching } from '../support/gateway.ts';
import { type Answer, BOTH, CLOUDFLARE, createPurgeWorld, PURGED, response, ROUTER } from './purgeWorld.ts';

const UNAVAILABLE = response(503, '<html>unavailable</html>');
const range = (count: number): string[] => Array.from({ length: count }, (_, index) => `livestream:${index}`);

describe('a burst of changes', () => {
  test('is one request after 100 ms, with each tag once', async () => {
    const world = createPurgeWorld();
    world.purger.purge(['livestreams', 'meeting:a', 'livestream:1']);
    await world.advance(50);
    world.purger.purge(['livestreams', 'meeting:a', 'livestream:2']);
    await world.advance(49);
    expect(world.sent).toEqual([]);
    await world.advance(1);
    expect(world.sentTags()).toEqual([['livestreams', 'meeting:a', 'livestream:1', 'livestream:2']]);
    await world.advance(60_000, 100);
    expect(world.sent).toHaveLength(1);
  });

  test('of more tags than a request can have is several requests, one after the other', async () => {
    const world = createPurgeWorld({ rest: 'hang' });
    world.purger.purge(range(250));
    await world.advance(1000, 100);
    expect(world.sent).toHaveLength(1);
    for (const index of [0, 1, 2]) {
      world.sent[index]?.answer(PURGED);
      await world.advance(1000, 100);
    }
    expect(world.sentTags().map(({ length }) => length)).toEqual([100, 100, 50]);
    expect(world.sentTags().flat()).toEqual(range(250));
    expect(world.maxInFlight()).toBe(1);
  });

  test('without any tag sends nothing', async () => {
    const world = createPurgeWorld();
    world.purger.purge([]);
    await world.advance(1000);
    expect([world.sent, world.clock.pending(), world.purger.pending.size()]).toEqual([[], 0, 0]);
  });
});

test('what changes while its purge is in flight is purged again: the endpoint may have purged it before the change', async () => {
  const world = createPurgeWorld({ answers: ['hang'] });
  world.purger.purge(['livestream:1']);
  await world.advance(100);
  world.purger.purge(['livestream:1', 'livestream:2']);
  await world.advance(1000);
  expect(world.sent).toHaveLength(1);
  world.sent[0]?.answer(PURGED);
  await world.advance(1);
  await world.advance(250);
  expect(world.sentTags()).toEqual([['livestream:1'], ['livestream:1', 'livestream:2']]);
});

test('changes that never end are at most 1,200 requests in 5 minutes, each at most 350 ms after its change', async () => {
  const world = createPurgeWorld();
  for (let change = 0; change < 300_000 / 50; change += 1) {
    world.purger.purge([`livestream:${change}`]);
    await world.advance(50);
  }
  expect(world.sent.length).toBeLessThanOrEqual(1200);
  const delays = world.sent.flatMap(({ tags, atMs }) => tags.map((tag) => atMs - Number(tag.split(':')[1]) * 50));
  expect(delays.length).toBeGreaterThan(5900);
  expect(Math.max(...delays)).toBeLessThanOrEqual(350);
});

test('an endpoint that hangs does not delay the other one', async () => {
  const world = createPurgeWorld({ settings: BOTH, answers: ['hang'] });
  world.purger.purge(['livestream:1']);
  await world.advance(100);
  world.purger.purge(['livestream:2']);
  await world.advance(250);
  const urls = world.sent.map(({ request, tags }) => `${new URL(request.url).host} ${tags.join()}`);
  expect(urls).toEqual([
    'api.cloudflare.test livestream:1',
    'router.test:3000 livestream:1',
    'router.test:3000 livestream:2',
  ]);
});

describe('after a failure', () => {
  test.each([
    ['all', 1, [500, 1000, 2000, 4000, 8000, 16_000, 30_000]],
    ['half', 0, [250, 500, 1000, 2000, 4000, 8000, 15_000]],
  ])('the delay doubles up to 30 s, and with the jitter is at least %s of that', async (_part, random, delays) => {
    const world = createPurgeWorld({ rest: UNAVAILABLE, random: () => random });
    world.purger.purge(['livestream:1']);
    // Changes go on, so that there always is something to purge.
    for (let ms = 0; ms < 65_000; ms += 50) {
      world.purger.purge(['livestream:2']);
      await world.advance(50);
    }
    const times = world.sent.map(({ atMs }) => atMs);
    const gaps = times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0));
    expect(gaps.slice(0, delays.length)).toEqual(delays.slice(0, gaps.length));
    expect(gaps.length).toBeGreaterThan(5);
  });

  test.each([
    ['a status of the server', UNAVAILABLE],
    ['a rejected credential', response(403, '{"success":false,"errors":[{"code":10000}]}')],
    ['a redirect, which is not followed', response(302, '', { location: 'https://elsewhere.test/' })],
    ['a status 200 without a confirmation', response(200, '{"success":false,"errors":[{"code":1134}]}')],
    ['a body that is not JSON', response(200, 'OK')],
    ['no connection', new TransportError('connect', 'No connection', { code: 'ECONNREFUSED' })],
  ])('the same tags are sent again: %s', async (_failure, answer) => {
    const world = createPurgeWorld({ answers: [answer] });
    world.purger.purge(['livestream:1', 'meeting:a']);
    await world.advance(1000, 100);
    expect(world.sentTags()).toEqual([
      ['livestream:1', 'meeting:a'],
      ['livestream:1', 'meeting:a'],
    ]);
    expect(world.outcomes).toEqual(['cloudflare failed', 'cloudflare ok']);
    expect(world.logs).toEqual([]);
  });

  test('the older tags are sent first, together with newer ones', async () => {
    const world = createPurgeWorld({ answers: ['hang'] });
    world.purger.purge(['livestream:1', 'meeting:a']);
    await world.advance(100);
    world.purger.purge(['livestream:2', 'meeting:a']);
    world.sent[0]?.answer(UNAVAILABLE);
    await world.advance(1000, 100);
    expect(world.sentTags().at(-1)).toEqual(['livestream:1', 'meeting:a', 'livestream:2']);
  });

  test('the backoff starts anew after a success', async () => {
    const world = createPurgeWorld({ answers: [UNAVAILABLE, UNAVAILABLE, PURGED, UNAVAILABLE] });
    world.purger.purge(['livestream:1']);
    await world.advance(10_000, 100);
    world.purger.purge(['livestream:2']);
    await world.advance(10_000, 100);
    expect(world.sent.map(({ atMs }) => atMs)).toEqual([100, 600, 1600, 10_100, 10_600]);
  });

  test('an endpoint that throws at once is tried again, too', async () => {
    const world = createPurgeWorld({ answers: [new Error('thrown')] });
    world.purger.purge(['livestream:1']);
    await world.advance(1000, 100);
    expect(world.outcomes).toEqual(['cloudflare failed', 'cloudflare ok']);
  });
});

describe('Retry-After', () => {
  test('is waited for where it is longer than the backoff', async () => {
    const world = createPurgeWorld({ answers: [response(429, '', { 'retry-after': '20' })] });
    world.purger.purge(['livestream:1']);
    await world.advance(20_099, 100);
    expect(world.sent).toHaveLength(1);
    await world.advance(1);
    expect(world.sent.map(({ atMs }) => atMs)).toEqual([100, 20_100]);
  });

  test('is waited for at most 10 minutes, and what changed meanwhile is purged then', async () => {
    const world = createPurgeWorld({ answers: [response(429, '', { 'retry-after': '999999' })] });
    world.purger.purge(['livestream:1']);
    await world.advance(90_000, 1000);
    world.purger.purge(['livestream:2']);
    await world.advance(600_000, 1000);
    expect(world.sentTags()).toEqual([['livestream:1'], ['livestream:1', 'livestream:2']]);
    expect(world.sent[1]?.atMs).toBeLessThanOrEqual(602_000);
  });

  test.each(['soon', '-5', '1e9', 'Wed, 21 Oct 2026 07:28:00 GMT', ''])('of "%s" is ignored', async (value) => {
    const world = createPurgeWorld({ answers: [response(429, '', { 'retry-after': value })] });
    world.purger.purge(['livestream:1']);
    await world.advance(600, 100);
    expect(world.sent).toHaveLength(2);
  });
});

test('an attempt ends after 5 s, whether the endpoint does not respond or never ends its body', async () => {
  const world = createPurgeWorld({ answers: ['hang'] });
  world.purger.purge(['livestream:1']);
  await world.advance(5099, 100);
  expect(world.sent[0]?.request.signal.aborted).toBe(false);
  await world.advance(1);
  expect(world.sent[0]?.request.signal.aborted).toBe(true);
  await world.advance(500);
  expect(world.sent).toHaveLength(2);
  expect(world.outcomes).toEqual(['cloudflare failed', 'cloudflare ok']);
});

describe('a purge that keeps failing', () => {
  test('is given up after a minute, with one warning that says why', async () => {
    const world = createPurgeWorld({ rest: UNAVAILABLE });
    world.purger.purge(['livestream:1', 'meeting:a']);
    await world.advance(300_000, 100);
    expect(world.logs).toEqual([
      {
        level: 'warn',
        message: 'Purging cached responses failed: they stay cached until they expire.',
        fields: { endpoint: 'cloudflare', tags: 2, reason: 'the status of the response is 503' },
      },
    ]);
    expect(world.outcomes.filter((outcome) => outcome.endsWith('given_up'))).toEqual(['cloudflare given_up']);
    expect(world.sent.length).toBeLessThan(12);
    expect(world.sent.at(-1)?.atMs).toBeLessThan(100_000);
    expect(world.clock.pending()).toBe(0);
    expect(world.purger.pending.size()).toBe(0);
  });

  test.each([
    ['while the endpoint asks to wait', [response(429, '', { 'retry-after': '90' }), UNAVAILABLE], 89_000],
    ['while its purge is in flight', [response(429, '', { 'retry-after': '90' }), 'hang' as const], 92_000],
  ])('is tried again if the same changes again %s', async (_when, answers, changesAtMs) => {
    const world = createPurgeWorld({ answers });
    world.purger.purge(['livestream:1', 'livestream:2']);
    await world.advance(changesAtMs, 100);
    world.purger.purge(['livestream:1']);
    await world.advance(60_000, 100);
    expect(world.sentTags()).toEqual([
      ['livestream:1', 'livestream:2'],
      ['livestream:1', 'livestream:2'],
      ['livestream:1'],
    ]);
    expect(world.logs).toMatchObject([{ fields: { tags: 1 } }]);
  });

  test('does not give up other tags that have not been tried yet, however long they have waited', async () => {
    const world = createPurgeWorld({ answers: [response(429, '', { 'retry-after': '90' }), UNAVAILABLE] });
    const tags = range(150);
    world.purger.purge(tags);
    await world.advance(100_000, 100);
    expect(world.sentTags()).toEqual([tags.slice(0, 100), tags.slice(0, 100), tags.slice(100)]);
    expect(world.logs).toMatchObject([{ fields: { tags: 100 } }]);
  });

  test('does not end purging: a later change is tried, and warnings are at most one a minute', async () => {
    const world = createPurgeWorld({ rest: UNAVAILABLE });
    for (let minute = 0; minute < 10; minute += 1) {
      world.purger.purge([`livestream:${minute}`]);
      await world.advance(60_000, 500);
    }
    expect(world.sentTags().flat()).toContain('livestream:9');
    expect(world.logs.length).toBeGreaterThan(3);
    expect(world.logs.length).toBeLessThanOrEqual(10);
    // 30 s apart, at most.
    expect(world.sent.length).toBeLessThan(40);
  });
});

test('at most 10,000 tags wait; the oldest make room, which is logged and counted', async () => {
  const world = createPurgeWorld({ answers: ['hang'] });
  world.purger.purge(['meeting:first']);
  await world.advance(100);
  world.purger.purge(range(10_000));
  expect(world.logs).toEqual([]);
  world.purger.purge(['meeting:one', 'meeting:two']);
  expect(world.logs).toMatchObject([{ fields: { tags: 2, reason: 'more than 10000 tags wait' } }]);
  world.sent[0]?.answer(PURGED);
  await world.advance(60_000, 100);
  const later = world.sentTags().slice(1).flat();
  expect(later).toEqual([...range(10_000).slice(2), 'meeting:one', 'meeting:two']);
  expect(world.outcomes.filter((outcome) => outcome.endsWith('given_up'))).toHaveLength(1);
});

test('an endpoint that asked to wait gets no request for what changes after it was given up, either', async () => {
  const world = createPurgeWorld({
    answers: [...Array<typeof UNAVAILABLE>(7).fill(UNAVAILABLE), response(429, '', { 'retry-after': '300' })],
  });
  world.purger.purge(['livestream:1']);
  await world.advance(95_000, 500);
  expect(world.purger.pending.size()).toBe(0);
  const { length } = world.sent;
  world.purger.purge(['livestream:2']);
  await world.advance(100);
  expect(world.sent).toHaveLength(length);
  await world.advance(600_000, 500);
  expect(world.sentTags().at(-1)).toEqual(['livestream:2']);
});

describe('purges count as pending', () => {
  test('until every endpoint has purged everything', async () => {
    const world = createPurgeWorld({ settings: BOTH, answers: ['hang', 'hang'] });
    let isIdle = false;
    world.purger.purge(['livestream:1']);
    void world.purger.pending.whenIdle().then(() => (isIdle = true));
    await world.advance(100);
    world.sent[0]?.answer(PURGED);
    await world.advance(1);
    expect([isIdle, world.purger.pending.size()]).toEqual([false, 1]);
    world.sent[1]?.answer(response(202));
    await world.advance(1);
    expect([isIdle, world.purger.pending.size()]).toEqual([true, 0]);
  });
});

test('no secret is in a log entry, whatever the endpoints do', async () => {
  const echo = `${CLOUDFLARE.token} ${ROUTER.key} ${CLOUDFLARE.zoneId}`;
  const failures = [
    response(400, echo, { 'x-echo': echo }),
    response(403, JSON.stringify({ success: false, errors: [{ code: 9109, message: echo }] })),
    new TransportError('connect', 'No connection', { code: 'ENOTFOUND' }),
    'hang' as const,
  ];
  for (const rest of failures) {
    const world = createPurgeWorld({ settings: BOTH, rest });
    world.purger.purge(['livestream:1']);
    await world.advance(200_000, 500);
    expect(world.logs).toMatchObject([
      { fields: { endpoint: matching(/./) } },
      { fields: { endpoint: matching(/./) } },
    ]);
    const text = JSON.stringify(world.logs);
    for (const secret of [CLOUDFLARE.token, CLOUDFLARE.zoneId, ROUTER.key]) expect(text).not.toContain(secret);
  }
});

test('in any order of changes, failures and delays, a change is followed by a successful purge unless that fails for a minute', async () => {
  const purge = fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 200 });
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ purge }) },
    { weight: 1, arbitrary: fc.record({ waitMs: fc.integer({ min: 1, max: 700 }) }) },
    { weight: 1, arbitrary: fc.record({ waitMs: fc.integer({ min: 1, max: 30_000 }) }) },
  );
  const busy = response(429, '', { 'retry-after': '40' });
  const answer = fc.constantFrom<Answer>(PURGED, UNAVAILABLE, new Error('broken'), response(200, '{}'), busy, 'hang');
  const scenario = fc.record({
    steps: fc.array(step, { maxLength: 20, size: 'max' }),
    answers: fc.array(answer, { maxLength: 20, size: 'max' }),
    random: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  await fc.assert(
    fc.asyncProperty(scenario, async ({ steps, answers, random }) => {
      const world = createPurgeWorld({ answers, random: () => random });
      /** When each tag last changed, and how many requests had been sent by then. */
      const changes = new Map<string, { atMs: number; count: number }>();
      for (const each of steps) {
        if ('waitMs' in each) await world.advance(each.waitMs, 50);
        else {
          const tags = each.purge.map((id) => `livestream:${id}`);
          for (const tag of tags) changes.set(tag, { atMs: world.elapsedMs(), count: world.sent.length });
          world.purger.purge(tags);
        }
      }
      // Each of 20 answers delays the next attempt by at most 45 s.
      await world.advance(900_000, 500);
      const isSettled = ([tag, { atMs, count }]: [string, { atMs: number; count: number }]): boolean =>
        world.sent.some(
          ({ tags, endedAtMs }, index) =>
            index >= count &&
            tags.includes(tag) &&
            ((answers[index] ?? PURGED) === PURGED || endedAtMs - atMs >= 60_000),
        );
      expect([...changes].filter((change) => !isSettled(change))).toEqual([]);
      expect(world.maxInFlight()).toBeLessThanOrEqual(1);
      expect([world.purger.pending.size(), world.clock.pending()]).toEqual([0, 0]);
    }),
    { numRuns: 50 },
  );
});
