import { expect, test } from 'vitest';

import { at, asArray } from '../support/gateway.ts';
import { startFleet } from './support/fleet.ts';
import { readActive, startLivestream, stopLivestream } from './support/livestreams.ts';
import { repeatFor, timeUntil } from './support/polling.ts';

/** The cache does not expire during the test. */
const LONG_TTL = { FRESH_STATUS_MS: '60000', FRESH_NOTHING_MS: '60000' };
/** How soon the other replicas must know what one replica did. */
const SHARED_WITHIN_MS = 200;

const DASHBOARD = `{
  livestreams(first: 50, filter: { status: LIVE }) { nodes { id activeSession { id viewerSeconds } } }
}`;
const NEWEST = '{ livestreams(first: 1) { nodes { id name } } }';

test('fifty livestreams with their sessions are read once if all replicas are asked at the same time', async () => {
  const { replicas, upstreamRequests } = await startFleet();
  const results = await Promise.all([...replicas, ...replicas].map(async (replica) => replica.read(DASHBOARD)));
  for (const data of results) {
    expect(asArray(at(data, 'livestreams', 'nodes'))).toHaveLength(50);
    expect(data).toEqual(results[0]);
  }
  expect(upstreamRequests()).toHaveLength(51);
});

test('a value that all replicas serve expires for all at the same time, and is read again once', async () => {
  const { replicas, sandbox, forgetRequests } = await startFleet({
    settings: { responseFormats: { updatedAt: 'now' } },
  });
  const id = sandbox.exampleIds.liveMeetingId;
  const times = new Set<unknown>();
  const checkAge = async (): Promise<void> => {
    const now = Date.now();
    for (const replica of replicas) {
      const updatedAt = at(
        await replica.read('query ($id: ID!) { meeting(id: $id) { updatedAt } }', { id }),
        'meeting',
        'updatedAt',
      );
      times.add(updatedAt);
      expect(now - Date.parse(String(updatedAt))).toBeLessThan(2500);
    }
  };
  await checkAge();
  forgetRequests();
  times.clear();
  await repeatFor(9000, checkAge);
  const { received } = sandbox.requests();
  // One read every two seconds, in addition to the value that was cached at first.
  expect(received).toBeGreaterThanOrEqual(4);
  expect(received).toBeLessThanOrEqual(5);
  expect(times.size).toBeLessThanOrEqual(received + 1);
});

test('the other replicas see a start, its name and its stop within 200 ms', async () => {
  const { replicas, sandbox } = await startFleet({
    settings: { nameDelayMs: 600_000, goLiveAfterMs: 600_000 },
    env: LONG_TTL,
  });
  const [first, ...others] = replicas;
  const id = sandbox.exampleIds.emptyMeetingId;
  const readOthers = async (): Promise<unknown[]> =>
    Promise.all(others.map(async (replica) => readActive(replica, id)));
  const readNewest = async (): Promise<unknown[]> =>
    Promise.all(others.map(async (replica) => at(await replica.read(NEWEST), 'livestreams', 'nodes', 0)));
  expect(await readOthers()).toEqual([null, null]);
  await readNewest();
  const livestream = await startLivestream(first, id, 'First light');
  expect(livestream).toMatchObject({ name: 'First light' });
  expect(await timeUntil(readOthers, [livestream, livestream])).toBeLessThan(SHARED_WITHIN_MS);
  expect(await timeUntil(readNewest, [livestream, livestream])).toBeLessThan(SHARED_WITHIN_MS);
  await stopLivestream(first, id);
  expect(await timeUntil(readOthers, [null, null])).toBeLessThan(SHARED_WITHIN_MS);
});

test('a webhook at one replica invalidates the cache of all', async () => {
  const fleet = await startFleet({ env: LONG_TTL });
  const { replicas, sandbox } = fleet;
  await fleet.sendWebhooksTo(replicas[0]);
  const id = sandbox.exampleIds.liveLivestreamId;
  const readStatuses = async (): Promise<unknown[]> => {
    const results = replicas.map(async (replica) =>
      replica.read('query ($id: ID!) { livestream(id: $id) { status } }', { id }),
    );
    return (await Promise.all(results)).map((data) => at(data, 'livestream', 'status'));
  };
  expect(await readStatuses()).toEqual(['LIVE', 'LIVE', 'LIVE']);
  sandbox.trigger({ kind: 'livestream-failed', livestreamId: id });
  // The replica fetches the public key first.
  expect(await timeUntil(readStatuses, ['ERRORED', 'ERRORED', 'ERRORED'])).toBeLessThan(1000);
});
