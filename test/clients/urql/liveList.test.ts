import { expect, test } from 'vitest';

import type { LivestreamsQueryVariables } from './generated/graphql';
import { watchLiveList } from './liveList.ts';
import { Livestreams } from './operations.ts';
import { startClient } from './startClient.ts';

/** Lets the gateway read a whole list before its clock advances again: otherwise, the read would time out. */
const SLOWLY = { interval: 400, timeout: 50_000 };

/** Shows a list of what is live with urql, and keeps it up to date. */
async function showLiveList(first: number) {
  const { client, gateway } = await startClient();
  const variables: LivestreamsQueryVariables = { first, filter: { status: 'LIVE' } };
  let shown: string[] = [];
  client.query(Livestreams, variables).subscribe(({ data }) => {
    shown = data?.livestreams.edges.map(({ node }) => node.id) ?? [];
  });
  const shownIds = () => shown;
  await expect.poll(() => shownIds().length).toBeGreaterThan(0);
  const stop = watchLiveList(client, variables);
  await expect.poll(() => gateway.server.subscriptionCount()).toBe(1);
  /** How often the list was read. */
  const reads = (): number =>
    gateway.operationLogs.filter(({ fields }) => fields['operation'] === 'Livestreams').length;
  return { gateway, shownIds, reads, stop };
}

test('a list of what is live gains a livestream that starts, and loses one that stops', async () => {
  const { gateway, shownIds, stop } = await showLiveList(100);
  const { idleMeetingId, liveLivestreamId, liveMeetingId } = gateway.exampleIds;
  const before = shownIds();
  expect(before).toContain(liveLivestreamId);
  await gateway.rest(`/meetings/${idleMeetingId}/livestreams`, { name: 'Launch' });
  const advance = (): unknown[] => {
    gateway.clock.advance(1000);
    return shownIds();
  };
  await expect.poll(advance, SLOWLY).toHaveLength(before.length + 1);
  await gateway.rest(`/meetings/${liveMeetingId}/active-livestream/stop`, {});
  await expect.poll(advance, SLOWLY).not.toContain(liveLivestreamId);
  stop();
  await expect.poll(() => gateway.server.subscriptionCount()).toBe(0);
});

test('a list that is shorter than what is live is read again once for all of the first events', async () => {
  const { gateway, shownIds, reads } = await showLiveList(10);
  await expect.poll(reads, { timeout: 30_000 }).toBe(2);
  const [newest] = shownIds();
  await gateway.rest(`/meetings/${gateway.exampleIds.idleMeetingId}/livestreams`, { name: 'Launch' });
  const advance = (): unknown => {
    gateway.clock.advance(1000);
    return shownIds()[0];
  };
  await expect.poll(advance, SLOWLY).not.toBe(newest);
  expect([reads(), shownIds().length]).toEqual([3, 10]);
});
