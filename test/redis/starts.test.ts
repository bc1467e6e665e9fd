import { Redis } from 'ioredis';
import { expect, test } from 'vitest';

import { at } from '../support/gateway.ts';
import { afterTest } from './support/cleanUp.ts';
import { type Fleet, startFleet } from './support/fleet.ts';
import { readActive, startLivestream } from './support/livestreams.ts';

const POST = 'POST /meetings/{meeting_id}/livestreams';
/** How long a start may take after another replica was killed during its start in the same meeting. */
const MAX_TAKEOVER_MS = 10_000;

const postsOf = ({ upstreamRequests }: Fleet): string[] => upstreamRequests().filter((request) => request === POST);

const untilSent = async (fleet: Fleet): Promise<void> =>
  expect.poll(() => postsOf(fleet), { interval: 5, timeout: 10_000 }).toEqual([POST]);

/** Returns how many livestreams the meeting has had, including past ones. */
async function countLivestreams({ replicas }: Fleet, id: string): Promise<unknown> {
  const data = await replicas[2].read('query ($id: ID!) { meeting(id: $id) { livestreams { totalCount } } }', { id });
  return at(data, 'meeting', 'livestreams', 'totalCount');
}

test('the same start at all replicas at the same moment is sent once, and all replicas return its livestream', async () => {
  const fleet = await startFleet({ settings: { latencyMs: 200 } });
  const id = fleet.sandbox.exampleIds.emptyMeetingId;
  const { replicas } = fleet;
  const livestreams = await Promise.all(
    [...replicas, ...replicas].map(async (replica) => startLivestream(replica, id, 'First light')),
  );
  expect(livestreams[0]).toMatchObject({ name: 'First light' });
  expect(new Set(livestreams.map((livestream) => JSON.stringify(livestream))).size).toBe(1);
  expect(postsOf(fleet)).toEqual([POST]);
});

test('of two starts with different names, one is carried out and the other is a conflict', async () => {
  const fleet = await startFleet({ settings: { latencyMs: 200 } });
  const id = fleet.sandbox.exampleIds.emptyMeetingId;
  const [first, second] = fleet.replicas;
  const outcomes = await Promise.all([
    startLivestream(first, id, 'First light'),
    startLivestream(second, id, 'Second sight'),
  ]);
  expect(outcomes.filter((outcome) => outcome === 'CONFLICT')).toHaveLength(1);
  expect(await readActive(fleet.replicas[2], id)).toEqual(outcomes.find((outcome) => outcome !== 'CONFLICT'));
  expect(await countLivestreams(fleet, id)).toBe(1);
});

test('a start returns the livestream of a killed replica that had sent the same start', async () => {
  const fleet = await startFleet({ settings: { latencyMs: 5000 } });
  const id = fleet.sandbox.exampleIds.emptyMeetingId;
  const [first, second] = fleet.replicas;
  const lost = startLivestream(first, id, 'First light').catch(() => 'lost');
  await untilSent(fleet);
  await first.kill();
  fleet.sandbox.configure({ latencyMs: 0 });
  const startedAt = performance.now();
  expect(await startLivestream(second, id, 'First light')).toMatchObject({ name: 'First light' });
  expect(performance.now() - startedAt).toBeLessThan(MAX_TAKEOVER_MS);
  expect([await lost, postsOf(fleet), await countLivestreams(fleet, id)]).toEqual(['lost', [POST], 1]);
});

test('starts that wait for a replica that is killed return its livestream', async () => {
  const fleet = await startFleet({ settings: { latencyMs: 5000 } });
  const id = fleet.sandbox.exampleIds.emptyMeetingId;
  const [first, ...others] = fleet.replicas;
  const lost = startLivestream(first, id, 'First light').catch(() => 'lost');
  await untilSent(fleet);
  const waiting = others.map(async (replica) => startLivestream(replica, id, 'First light'));
  await first.kill();
  fleet.sandbox.configure({ latencyMs: 0 });
  const startedAt = performance.now();
  const [second, third] = await Promise.all(waiting);
  expect(performance.now() - startedAt).toBeLessThan(MAX_TAKEOVER_MS);
  expect(second).toMatchObject({ name: 'First light' });
  expect(third).toEqual(second);
  expect([await lost, postsOf(fleet), await countLivestreams(fleet, id)]).toEqual(['lost', [POST], 1]);
});

test('a start is sent if a killed replica had recorded the same start but not sent it', async () => {
  // The first replica sends at most one request a second.
  const fleet = await startFleet({ firstEnv: { REQUESTS_PER_SECOND: '1' } });
  const { emptyMeetingId: id, liveMeetingId, liveLivestreamId } = fleet.sandbox.exampleIds;
  const [first, second] = fleet.replicas;
  const queued = [readActive(first, liveMeetingId), first.read(`{ livestream(id: "${liveLivestreamId}") { status } }`)];
  for (const read of queued) read.catch(() => null);
  const lost = startLivestream(first, id, 'First light').catch(() => 'lost');
  const redis = new Redis(fleet.redis.url);
  afterTest(() => redis.disconnect());
  const countRecords = async (): Promise<number> => (await redis.keys(`* start * ${id}`)).length;
  await expect.poll(countRecords, { interval: 5, timeout: 10_000 }).toBe(1);
  await first.kill();
  expect([await lost, postsOf(fleet)]).toEqual(['lost', []]);
  const startedAt = performance.now();
  expect(await startLivestream(second, id, 'First light')).toMatchObject({ name: 'First light' });
  expect(performance.now() - startedAt).toBeLessThan(MAX_TAKEOVER_MS);
  expect([postsOf(fleet), await countLivestreams(fleet, id)]).toEqual([[POST], 1]);
});

test('a start is not sent twice if Redis is killed while it is in flight', async () => {
  const fleet = await startFleet({ settings: { latencyMs: 1500 } });
  const id = fleet.sandbox.exampleIds.emptyMeetingId;
  const [first, ...others] = fleet.replicas;
  const starting = startLivestream(first, id, 'First light');
  await untilSent(fleet);
  const waiting = others.map(async (replica) => startLivestream(replica, id, 'First light'));
  await fleet.redis.kill();
  const livestream = await starting;
  expect(livestream).toMatchObject({ name: 'First light' });
  expect(await Promise.all(waiting)).toEqual(['CONFLICT', 'CONFLICT']);
  await fleet.redis.start();
  await fleet.untilRedisIs('connected');
  expect(await startLivestream(first, id, 'First light')).toBe('CONFLICT');
  expect(await Promise.all(others.map(async (replica) => readActive(replica, id)))).toEqual([livestream, livestream]);
  expect(await countLivestreams(fleet, id)).toBe(1);
});

test('without Redis, a second start is a conflict and is not sent', async () => {
  const fleet = await startFleet({ hasRedis: false });
  const id = fleet.sandbox.exampleIds.emptyMeetingId;
  const [first, second] = fleet.replicas;
  expect(await startLivestream(first, id, 'First light')).toMatchObject({ name: 'First light' });
  expect(await startLivestream(second, id, 'First light')).toBe('CONFLICT');
  expect([postsOf(fleet), await countLivestreams(fleet, id)]).toEqual([[POST], 1]);
});
