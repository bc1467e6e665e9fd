import { describe, expect, test } from 'vitest';

import { startTestGateway } from '../../support/gateway.ts';
import { serveGateway } from '../../support/servedGateway.ts';
import { fakeClientTimers } from '../support/fakeTimers.ts';
import { startLivestream } from './mutations.ts';
import { LivestreamPage, LivestreamUpdated } from './operations.ts';
import { startClient } from './startClient.ts';
import { watchMeeting } from './subscribe.ts';

type Started = Awaited<ReturnType<typeof startClient>>;

/** Subscribes to a meeting. Returns the status in each event. */
function subscribe({ client }: Started, meetingId: string): unknown[] {
  const statuses: unknown[] = [];
  client
    .subscribe({ query: LivestreamUpdated, variables: { meetingId } })
    .subscribe(({ data, error }) => statuses.push(error ?? data?.livestreamUpdated.status));
  return statuses;
}

describe("Apollo Client's subscription", () => {
  test('delivers a start, and then that the livestream is live', async () => {
    const started = await startClient();
    const { client, gateway } = started;
    const meetingId = gateway.exampleIds.idleMeetingId;
    const statuses = subscribe(started, meetingId);
    await expect.poll(() => gateway.server.subscriptionCount()).toBe(1);
    expect(await startLivestream(client, meetingId, 'Launch')).toEqual([]);
    await expect.poll(() => statuses).toEqual(['INVOKED']);
    const advance = (): unknown => {
      gateway.clock.advance(1000);
      return statuses.at(-1);
    };
    await expect.poll(advance).toBe('LIVE');
  });

  test('updates what a page shows of the livestream', async () => {
    const { client, gateway } = await startClient();
    const { liveMeetingId, liveLivestreamId: id } = gateway.exampleIds;
    const statuses: unknown[] = [];
    client
      .watchQuery({ query: LivestreamPage, variables: { id } })
      .subscribe(({ data, dataState }) => dataState === 'complete' && statuses.push(data.livestream?.status));
    await expect.poll(() => statuses).toEqual(['LIVE']);
    const stop = watchMeeting(client, liveMeetingId);
    await expect.poll(() => gateway.server.subscriptionCount()).toBe(1);
    gateway.sandbox.trigger({ kind: 'livestream-failed', livestreamId: id, message: 'No signal' });
    const advance = (): unknown => {
      gateway.clock.advance(1000);
      return statuses;
    };
    await expect.poll(advance).toEqual(['LIVE', 'ERRORED']);
    stop();
    await expect.poll(() => gateway.server.subscriptionCount()).toBe(0);
  });

  test('continues on a new connection when the gateway restarts, even if it cannot connect in the meantime', async () => {
    const started = await startClient();
    const { gateway, served } = started;
    const next = await startTestGateway();
    const statuses = subscribe(started, gateway.exampleIds.liveMeetingId);
    await expect.poll(() => statuses).toEqual(['LIVE']);
    const timers = fakeClientTimers();
    await served.drain();
    timers.advance(await timers.waitForTimer(1000, 4000));
    const delayMs = await timers.waitForTimer(2000, 5000);
    await serveGateway(next, {}, served.port);
    timers.advance(delayMs);
    await expect.poll(() => statuses).toEqual(['LIVE', 'LIVE']);
  });
});
