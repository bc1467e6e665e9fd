import { expect, test } from 'vitest';

import { createLiveWorld, meetingTarget } from './world.ts';

/** What another app's event reports. Its livestream and its meeting do not exist in this app. */
const FOREIGN = { livestreamId: 'foreign', meetingId: 'foreign-meeting' };

test('an event of another app does not make the gateway rely on webhooks', async () => {
  const world = await createLiveWorld();
  await world.subscribe(meetingTarget(world.exampleIds.emptyMeetingId));
  world.subscriptions.onWebhook(FOREIGN);
  await world.advance(30_000);
  world.clearRequests();
  await world.advance(60_000);
  expect(world.requests().length).toBeGreaterThan(4);
});
