import { Redis } from 'ioredis';
import { expect, test } from 'vitest';

import { at } from '../support/gateway.ts';
import { afterTest } from './support/cleanUp.ts';
import { type Fleet, startFleet } from './support/fleet.ts';
import { activeOf, start } from './support/operations.ts';

const POST = 'POST /meetings/{meeting_id}/livestreams';
/** How long, in milliseconds, a start may take whose meeting another replica was starting in when it ended. */
const TAKEN_OVER = 10_000;

const postsOf = ({ upstream }: Fleet): string[] => upstream().filter((request) => request === POST);

const untilSent = async (fleet: Fleet): Promise<void> =>
  expect.poll(() => postsOf(fleet), { interval: 5, timeout: 10_000 }).toEqual([POST]);

/** How many livestreams the meeting has ever had. */
async function countIn({ replicas }: Fleet, id: string): Promise<unknown> {
  const answer = await replicas[2].read('query ($id: ID!) { meeting(id: $id) { livestreams { totalCount } } }', { id });
  return at(answer, 'meeting', 'livestreams', 'totalCount');
}

test('equal starts at all replicas at the same moment are one start, whose livestream all get', async () => {
  const fleet = await startFleet({ settings: { latencyMs: 200 } });
  const id = fleet.sandbox.samples.emptyMeetingId;
  const { replicas } = fleet;
  const livestreams = await Promise.all(
    [...replicas, ...replicas].map(async (replica) => start(replica, id, 'First light')),
  );
  expect(livestreams[0]).toMatchObject({ name: 'First light' });
  expect(new Set(livestreams.map((livestream) => JSON.stringify(livestream))).size).toBe(1);
  expect(postsOf(fleet)).toEqual([POST]);
});

test('of two starts with different names one is carried out, and the other a conflict', async () => {
  const fleet = await startFleet({ settings: { latencyMs: 200 } });
  const id = fleet.sandbox.samples.emptyMeetingId;
  const [first, second] = fleet.replicas;
  const outcomes = await Promise.all([start(first, id, 'First light'), start(second, id, 'Second sight')]);
  expect(outcomes.filter((outcome) => outcome === 'CONFLICT')).toHaveLength(1);
  expect(await activeOf(fleet.replicas[2], id)).toEqual(outcomes.find((outcome) => outcome !== 'CONFLICT'));
  expect(await countIn(fleet, id)).toBe(1);
});

test('who starts what a killed replica has sent a start for gets that livestream', async () => {
  const fleet = await startFleet({ settings: { latencyMs: 5000 } });
  const id = fleet.sandbox.samples.emptyMeetingId;
  const [first, second] = fleet.replicas;
  const lost = start(first, id, 'First light').catch(() => 'lost');
  await untilSent(fleet);
  await first.kill();
  fleet.sandbox.configure({ latencyMs: 0 });
  const began = performance.now();
  expect(await start(second, id, 'First light')).toMatchObject({ name: 'First light' });
  expect(performance.now() - began).toBeLessThan(TAKEN_OVER);
  expect([await lost, postsOf(fleet), await countIn(fleet, id)]).toEqual(['lost', [POST], 1]);
});

test('who waits for the start of a replica that is killed gets its livestream too', async () => {
  const fleet = await startFleet({ settings: { latencyMs: 5000 } });
  const id = fleet.sandbox.samples.emptyMeetingId;
  const [first, ...others] = fleet.replicas;
  const lost = start(first, id, 'First light').catch(() => 'lost');
  await untilSent(fleet);
  const waiting = others.map(async (replica) => start(replica, id, 'First light'));
  await first.kill();
  fleet.sandbox.configure({ latencyMs: 0 });
  const began = performance.now();
  const [one, other] = await Promise.all(waiting);
  expect(performance.now() - began).toBeLessThan(TAKEN_OVER);
  expect(one).toMatchObject({ name: 'First light' });
  expect(other).toEqual(one);
  expect([await lost, postsOf(fleet), await countIn(fleet, id)]).toEqual(['lost', [POST], 1]);
});

test('who starts what a killed replica has not sent yet starts it', async () => {
  // Each of its requests waits a second or more for its turn.
  const fleet = await startFleet({ envOfFirst: { REQUESTS_PER_SECOND: '1' } });
  const { emptyMeetingId: id, liveMeetingId, liveLivestreamId } = fleet.sandbox.samples;
  const [first, second] = fleet.replicas;
  const others = [activeOf(first, liveMeetingId), first.read(`{ livestream(id: "${liveLivestreamId}") { status } }`)];
  for (const other of others) other.catch(() => null);
  const lost = start(first, id, 'First light').catch(() => 'lost');
  const redis = new Redis(fleet.redis.url);
  afterTest(() => redis.disconnect());
  const begun = async (): Promise<number> => (await redis.keys(`* start * ${id}`)).length;
  await expect.poll(begun, { interval: 5, timeout: 10_000 }).toBe(1);
  await first.kill();
  expect([await lost, postsOf(fleet)]).toEqual(['lost', []]);
  const began = performance.now();
  expect(await start(second, id, 'First light')).toMatchObject({ name: 'First light' });
  expect(performance.now() - began).toBeLessThan(TAKEN_OVER);
  expect([postsOf(fleet), await countIn(fleet, id)]).toEqual([[POST], 1]);
});

test('Redis that is killed while a start is under way makes no second one of it', async () => {
  const fleet = await startFleet({ settings: { latencyMs: 1500 } });
  const id = fleet.sandbox.samples.emptyMeetingId;
  const [first, ...others] = fleet.replicas;
  const starting = start(first, id, 'First light');
  await untilSent(fleet);
  const waiting = others.map(async (replica) => start(replica, id, 'First light'));
  await fleet.redis.kill();
  const livestream = await starting;
  expect(livestream).toMatchObject({ name: 'First light' });
  expect(await Promise.all(waiting)).toEqual(['CONFLICT', 'CONFLICT']);
  await fleet.redis.start();
  await fleet.untilRedisIs('there');
  expect(await start(first, id, 'First light')).toBe('CONFLICT');
  expect(await Promise.all(others.map(async (replica) => activeOf(replica, id)))).toEqual([livestream, livestream]);
  expect(await countIn(fleet, id)).toBe(1);
});

test('where Redis never was, a start after another one is a conflict that is not even sent', async () => {
  const fleet = await startFleet({ hasRedis: false });
  const id = fleet.sandbox.samples.emptyMeetingId;
  const [first, second] = fleet.replicas;
  expect(await start(first, id, 'First light')).toMatchObject({ name: 'First light' });
  expect(await start(second, id, 'First light')).toBe('CONFLICT');
  expect([postsOf(fleet), await countIn(fleet, id)]).toEqual([[POST], 1]);
});
