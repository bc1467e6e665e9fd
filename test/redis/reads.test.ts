import { expect, test } from 'vitest';

import { at, rowsOf } from '../support/gateway.ts';
import { startFleet } from './support/fleet.ts';
import { activeOf, forAWhile, start, stop, timeUntil } from './support/operations.ts';

/** So that nothing is read again because of its age. */
const LONG = { FRESH_STATUS_MS: '60000', FRESH_NOTHING_MS: '60000' };
/** How soon, in milliseconds, what one replica does is known to the others. */
const AT_ONCE = 200;

const DASHBOARD = `{
  livestreams(first: 50, filter: { status: LIVE }) { nodes { id activeSession { id viewerSeconds } } }
}`;
const NEWEST = '{ livestreams(first: 1) { nodes { id name } } }';

test('fifty livestreams with their sessions, asked of all replicas at once, are read once', async () => {
  const { replicas, upstream } = await startFleet();
  const answers = await Promise.all([...replicas, ...replicas].map(async (replica) => replica.read(DASHBOARD)));
  for (const answer of answers) {
    expect(rowsOf(at(answer, 'livestreams', 'nodes'))).toHaveLength(50);
    expect(answer).toEqual(answers[0]);
  }
  expect(upstream()).toHaveLength(51);
});

test('what all replicas are asked for grows old for all of them at the same time, and is read anew once', async () => {
  const { replicas, sandbox, forget } = await startFleet({ settings: { shapes: { updatedAt: 'now' } } });
  const id = sandbox.samples.liveMeetingId;
  const times = new Set<unknown>();
  const look = async (): Promise<void> => {
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
  await look();
  forget();
  times.clear();
  await forAWhile(9000, look);
  const { received } = sandbox.requests();
  // Every two seconds, and what was known at the beginning.
  expect(received).toBeGreaterThanOrEqual(4);
  expect(received).toBeLessThanOrEqual(5);
  expect(times.size).toBeLessThanOrEqual(received + 1);
});

test('a start, its name and its stop are seen by the other replicas at once', async () => {
  const { replicas, sandbox } = await startFleet({
    settings: { nameDelayMs: 600_000, goLiveAfterMs: 600_000 },
    env: LONG,
  });
  const [first, ...others] = replicas;
  const id = sandbox.samples.emptyMeetingId;
  const look = async (): Promise<unknown[]> => Promise.all(others.map(async (replica) => activeOf(replica, id)));
  const lookAtList = async (): Promise<unknown[]> =>
    Promise.all(others.map(async (replica) => at(await replica.read(NEWEST), 'livestreams', 'nodes', 0)));
  expect(await look()).toEqual([null, null]);
  await lookAtList();
  const livestream = await start(first, id, 'First light');
  expect(livestream).toMatchObject({ name: 'First light' });
  expect(await timeUntil(look, [livestream, livestream])).toBeLessThan(AT_ONCE);
  expect(await timeUntil(lookAtList, [livestream, livestream])).toBeLessThan(AT_ONCE);
  await stop(first, id);
  expect(await timeUntil(look, [null, null])).toBeLessThan(AT_ONCE);
});

test('what a webhook tells to one replica is void for all', async () => {
  const fleet = await startFleet({ env: LONG });
  const { replicas, sandbox } = fleet;
  await fleet.tellWebhooksTo(replicas[0]);
  const id = sandbox.samples.liveLivestreamId;
  const look = async (): Promise<unknown[]> => {
    const answers = replicas.map(async (replica) =>
      replica.read('query ($id: ID!) { livestream(id: $id) { status } }', { id }),
    );
    return (await Promise.all(answers)).map((answer) => at(answer, 'livestream', 'status'));
  };
  expect(await look()).toEqual(['LIVE', 'LIVE', 'LIVE']);
  sandbox.happen({ kind: 'livestream-failed', livestreamId: id });
  // The key that it is signed with is read first.
  expect(await timeUntil(look, ['ERRORED', 'ERRORED', 'ERRORED'])).toBeLessThan(1000);
});
