import { expect, test } from 'vitest';

import { startFleet } from './support/fleet.ts';
import { forAWhile, start, stop, timeUntil } from './support/operations.ts';
import { watch } from './support/watch.ts';

/** Milliseconds. */
const PROMPTLY = 300;

test('who watches at one replica hears of what is started and stopped at another, promptly and once', async () => {
  const { replicas, sandbox } = await startFleet({ settings: { goLiveAfterMs: 600_000 } });
  const [first, ...others] = replicas;
  const meetingId = sandbox.samples.emptyMeetingId;
  const watchings = await Promise.all(others.map(async (replica) => watch(replica, { meetingId })));
  const seen = (): unknown[] => watchings.map(({ statuses }) => statuses);
  await start(first, meetingId, 'First light');
  expect(await timeUntil(seen, [['INVOKED'], ['INVOKED']])).toBeLessThan(PROMPTLY);
  await stop(first, meetingId);
  const both = ['INVOKED', 'IDLE'];
  expect(await timeUntil(seen, [both, both])).toBeLessThan(PROMPTLY);
  await forAWhile(3000);
  expect(seen()).toEqual([both, both]);
});

test('a webhook that comes to one replica is heard of by who watches at the others', async () => {
  const fleet = await startFleet();
  const { replicas, sandbox } = fleet;
  await fleet.tellWebhooksTo(replicas[0]);
  const livestreamId = sandbox.samples.liveLivestreamId;
  const watchings = await Promise.all(replicas.slice(1).map(async (replica) => watch(replica, { livestreamId })));
  const seen = (): unknown[] => watchings.map(({ statuses }) => statuses);
  await timeUntil(seen, [['LIVE'], ['LIVE']]);
  sandbox.happen({ kind: 'livestream-failed', livestreamId });
  const both = ['LIVE', 'ERRORED'];
  // The key that it is signed with is read first.
  expect(await timeUntil(seen, [both, both])).toBeLessThan(PROMPTLY + 700);
  await forAWhile(1500);
  expect(seen()).toEqual([both, both]);
});

test('three replicas look at what is watched no oftener than one, and what one finds all hear at once', async () => {
  const { replicas, sandbox, forget, upstream } = await startFleet();
  const livestreamId = sandbox.samples.liveLivestreamId;
  const watchings = await Promise.all(replicas.map(async (replica) => watch(replica, { livestreamId })));
  const seen = (): unknown[] => watchings.map(({ statuses }) => statuses);
  await timeUntil(seen, [['LIVE'], ['LIVE'], ['LIVE']]);
  forget();
  await forAWhile(32_000);
  // One every ten seconds.
  expect(upstream().length).toBeGreaterThanOrEqual(2);
  expect(upstream().length).toBeLessThanOrEqual(4);
  sandbox.happen({ kind: 'livestream-failed', livestreamId });
  const both = ['LIVE', 'ERRORED'];
  await timeUntil(seen, [both, both, both], 12_000);
  const heardAt = watchings.map(({ times }) => times[1] ?? 0);
  expect(Math.max(...heardAt) - Math.min(...heardAt)).toBeLessThan(PROMPTLY);
});
