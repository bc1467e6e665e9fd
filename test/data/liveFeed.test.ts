import { describe, expect, test } from 'vitest';

import type { LiveUpdate } from '../../src/data/liveFeed.ts';
import { Cancellation } from '../../src/lib/cancellation.ts';
import { createLiveWorld, livestreamTarget } from '../live/world.ts';

const SESSION_ROUTE = '/livestreams/{livestream_id}/active-livestream-session';

/** The feed of an account in which one livestream is live. `isTracked`: whether the feed tracks that livestream, with its session. */
async function openFeed({ isTracked = true } = {}) {
  const world = await createLiveWorld();
  const { account, dataSource, sandbox } = world;
  const { liveLivestreamId: id, liveMeetingId } = world.exampleIds;
  const updates: LiveUpdate[] = [];
  const cancellation = new Cancellation();
  const feed = dataSource.openLiveFeed(account, cancellation, (update) => updates.push(update));
  await feed.reader().session(id);
  if (isTracked) for (const update of await feed.current(livestreamTarget(id))) feed.track(update);
  updates.length = 0;
  world.clearRequests();
  return {
    world,
    feed,
    id,
    /** Each update since as name, status and session. */
    updates: () => updates.map(({ livestream: { name, status }, sessionId }) => [name, status, sessionId]),
    sessionId: await world.actualSessionId(id),
    rename: (name: string) => sandbox.trigger({ kind: 'livestream-renamed', livestreamId: id, name }),
    stop: async () => world.stop(liveMeetingId),
    /** Reads the livestream for another caller. */
    read: async () => {
      const operation = dataSource.operation(account, new Cancellation(), () => {});
      await dataSource.reads.livestream.get(operation, id, dataSource.reads.now());
      await world.advance(0);
    },
    close: () => cancellation.abort(new Error('Closed.')),
  };
}

describe('the live feed', () => {
  test('publishes a change that another caller has read in one update with the session', async () => {
    const { world, updates, id, sessionId, rename, read } = await openFeed();
    rename('Renamed');
    await read();
    expect(updates()).toEqual([['Renamed', 'LIVE', sessionId]]);
    expect(world.requests()).toEqual([
      expect.stringContaining(`GET /livestreams/${id}`),
      `GET /livestreams/${id}/active-livestream-session`,
    ]);
  });

  test('reads no session for a livestream that it does not track, or that has not changed', async () => {
    const untracked = await openFeed({ isTracked: false });
    untracked.rename('Renamed');
    await untracked.read();
    expect(untracked.updates()).toEqual([['Renamed', 'LIVE', untracked.sessionId]]);
    expect(untracked.world.requests()).toHaveLength(1);
    const unchanged = await openFeed();
    await unchanged.read();
    expect(unchanged.world.requests()).toHaveLength(1);
  });

  test('reads a live livestream and its session in one request, and publishes them in one update', async () => {
    const { world, feed, updates, id, sessionId, rename } = await openFeed();
    rename('Renamed');
    expect(await feed.reader().livestreamAndSession(id)).toMatchObject({ name: 'Renamed' });
    expect(updates()).toEqual([['Renamed', 'LIVE', sessionId]]);
    expect(world.requests()).toHaveLength(1);
  });

  test('publishes the end of a livestream whose session is gone once, and removes the session from the cache', async () => {
    const { world, feed, updates, id, stop } = await openFeed();
    await stop();
    await feed.reader().livestreamAndSession(id);
    expect(updates()).toEqual([[expect.any(String), 'IDLE', null]]);
    expect(world.requests()).toHaveLength(2);
    expect(world.dataSource.reads.activeSession.getAnyAge(world.account.id, id)).toBeNull();
  });

  test('removes the session of an ended livestream that another caller has read from the cache', async () => {
    const { world, updates, id, stop, read } = await openFeed();
    await stop();
    await read();
    expect(updates()).toEqual([[expect.any(String), 'IDLE', null]]);
    expect(world.requests()).toHaveLength(1);
    expect(world.dataSource.reads.activeSession.getAnyAge(world.account.id, id)).toBeNull();
  });

  test('publishes that a livestream runs without a session only after it has read again that it runs', async () => {
    const { world, feed, updates, id } = await openFeed();
    world.sandbox.setFaults([{ kind: 'status', status: 404, route: SESSION_ROUTE }]);
    await feed.reader().livestreamAndSession(id);
    await world.advance(0);
    expect(updates()).toEqual([[expect.any(String), 'LIVE', null]]);
    expect(world.requests()).toHaveLength(2);
  });

  test('does not publish that a livestream runs without a session if it was read as ended, although that is no longer certain', async () => {
    const { world, feed, updates, id, sessionId, stop } = await openFeed();
    await stop();
    world.onResponse(() => world.dataSource.invalidateExternal({ livestreamId: id, meetingId: null }));
    await feed.reader().session(id);
    await world.advance(0);
    expect(world.requests()).toHaveLength(2);
    expect(updates()).toEqual([[expect.any(String), 'LIVE', sessionId]]);
  });

  test('publishes only the newest change, without a session, if the session cannot be read for 2 s', async () => {
    const { world, updates, id, rename, read } = await openFeed();
    world.setSessionsHang(true);
    // The cached session no longer counts.
    world.dataSource.invalidateExternal({ livestreamId: id, meetingId: null });
    rename('First');
    await read();
    rename('Second');
    await read();
    expect(updates()).toEqual([]);
    await world.advance(2000);
    expect(updates()).toEqual([['Second', 'LIVE', undefined]]);
  });

  test('publishes nothing once it is closed', async () => {
    const { updates, rename, read, close } = await openFeed();
    close();
    rename('Renamed');
    await read();
    expect(updates()).toEqual([]);
  });
});
