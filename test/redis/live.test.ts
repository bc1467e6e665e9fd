import { expect, test } from 'vitest';

import { startFleet } from './support/fleet.ts';
import { startLivestream, stopLivestream } from './support/livestreams.ts';
import { repeatFor, timeUntil } from './support/polling.ts';
import { subscribe } from './support/subscribe.ts';

const PROMPT_MS = 300;

test('a subscriber at one replica receives starts and stops at another within 300 ms, and once', async () => {
  const { replicas, sandbox } = await startFleet({ settings: { goLiveAfterMs: 600_000 } });
  const [first, ...others] = replicas;
  const meetingId = sandbox.exampleIds.emptyMeetingId;
  const subscribers = await Promise.all(others.map(async (replica) => subscribe(replica, { meetingId })));
  const received = (): unknown[] => subscribers.map(({ statuses }) => statuses);
  await startLivestream(first, meetingId, 'First light');
  expect(await timeUntil(received, [['INVOKED'], ['INVOKED']])).toBeLessThan(PROMPT_MS);
  await stopLivestream(first, meetingId);
  const both = ['INVOKED', 'IDLE'];
  expect(await timeUntil(received, [both, both])).toBeLessThan(PROMPT_MS);
  await repeatFor(3000);
  expect(received()).toEqual([both, both]);
});

test('a webhook at one replica reaches the subscribers at the others', async () => {
  const fleet = await startFleet();
  const { replicas, sandbox } = fleet;
  await fleet.sendWebhooksTo(replicas[0]);
  const livestreamId = sandbox.exampleIds.liveLivestreamId;
  const subscribers = await Promise.all(replicas.slice(1).map(async (replica) => subscribe(replica, { livestreamId })));
  const received = (): unknown[] => subscribers.map(({ statuses }) => statuses);
  await timeUntil(received, [['LIVE'], ['LIVE']]);
  sandbox.trigger({ kind: 'livestream-failed', livestreamId });
  const both = ['LIVE', 'ERRORED'];
  // The replica fetches the public key first.
  expect(await timeUntil(received, [both, both])).toBeLessThan(PROMPT_MS + 700);
  await repeatFor(1500);
  expect(received()).toEqual([both, both]);
});

test('three replicas together poll a livestream as often as one would, and publish changes to each other', async () => {
  const { replicas, sandbox, forgetRequests, upstreamRequests } = await startFleet();
  const livestreamId = sandbox.exampleIds.liveLivestreamId;
  const subscribers = await Promise.all(replicas.map(async (replica) => subscribe(replica, { livestreamId })));
  const received = (): unknown[] => subscribers.map(({ statuses }) => statuses);
  await timeUntil(received, [['LIVE'], ['LIVE'], ['LIVE']]);
  forgetRequests();
  await repeatFor(32_000);
  // One request every ten seconds.
  expect(upstreamRequests().length).toBeGreaterThanOrEqual(2);
  expect(upstreamRequests().length).toBeLessThanOrEqual(4);
  sandbox.trigger({ kind: 'livestream-failed', livestreamId });
  const both = ['LIVE', 'ERRORED'];
  await timeUntil(received, [both, both, both], 12_000);
  const receivedAt = subscribers.map(({ times }) => times[1] ?? 0);
  expect(Math.max(...receivedAt) - Math.min(...receivedAt)).toBeLessThan(PROMPT_MS);
});
