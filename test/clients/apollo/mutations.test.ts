import { describe, expect, test } from 'vitest';

import { startLivestream, stopLivestream } from './mutations.ts';
import { MeetingPage } from './operations.ts';
import { startClient } from './startClient.ts';

/** Opens the page of a meeting that is not live. `states` contains each state in which it has shown the active livestream. */
async function openMeetingPage() {
  const { client, gateway, shown } = await startClient();
  const id = gateway.exampleIds.idleMeetingId;
  const states: unknown[] = [];
  client
    .watchQuery({ query: MeetingPage, variables: { id } })
    .subscribe(({ data, dataState }) => dataState === 'complete' && states.push(data.meeting.activeLivestream));
  await expect.poll(() => states).toEqual([null]);
  gateway.clearUpstreamRequests();
  return { client, gateway, id, states, shown };
}

const OPTIMISTIC = { __typename: 'Livestream', id: 'optimistic', status: 'INVOKED', playbackUrl: null };
const STARTED = { ...OPTIMISTIC, id: expect.stringMatching(/-/), playbackUrl: expect.anything() };

describe("Apollo Client's optimistic result", () => {
  test('shows a start at once, and then the livestream that was started, for one upstream request', async () => {
    const { client, gateway, id, states } = await openMeetingPage();
    const messages = await startLivestream(client, id, 'Launch');
    await expect.poll(() => states).toEqual([null, OPTIMISTIC, STARTED]);
    expect([messages, gateway.upstreamRequests()]).toEqual([[], ['POST /meetings/{meeting_id}/livestreams']]);
  });

  test('is replaced by the actual livestream if the meeting is live already, and the user is shown why', async () => {
    const { client, gateway, id, states, shown } = await openMeetingPage();
    const start = { query: `mutation { startLivestream(input: { meetingId: "${id}" }) { userErrors { code } } }` };
    expect((await gateway.send(start)).errors).toEqual([]);
    expect(await startLivestream(client, id, 'Launch')).toEqual(['This meeting is live already.']);
    await expect.poll(() => states).toEqual([null, OPTIMISTIC, STARTED]);
    expect(shown).toEqual([]);
  });

  test('disappears if the start fails', async () => {
    const { client, gateway, id, states, shown } = await openMeetingPage();
    gateway.sandbox.setFaults([{ kind: 'status', status: 403, method: 'POST' }]);
    await expect(startLivestream(client, id, 'Launch')).rejects.toThrow();
    await expect.poll(() => states).toEqual([null, OPTIMISTIC, null]);
    expect(shown).toEqual(['Something went wrong.']);
  });

  test('shows a stop at once, for one upstream request', async () => {
    const { client, gateway, id, states } = await openMeetingPage();
    await startLivestream(client, id, 'Launch');
    await expect.poll(() => states.length).toBe(3);
    gateway.clearUpstreamRequests();
    const stopping = stopLivestream(client, id);
    await expect.poll(() => states.slice(3)).toEqual([null]);
    expect(await stopping).toEqual([]);
    expect(gateway.upstreamRequests()).toEqual(['POST /meetings/{meeting_id}/active-livestream/stop']);
    expect(await stopLivestream(client, id)).toEqual(['This meeting does not exist, or is not live.']);
    expect(states.slice(3)).toEqual([null]);
  });
});
