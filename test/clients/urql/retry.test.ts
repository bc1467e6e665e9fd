import { describe, expect, test } from 'vitest';

import { serveGateway } from '../../support/servedGateway.ts';
import { fakeClientTimers } from '../support/fakeTimers.ts';
import { startLivestream } from './mutations.ts';
import { Livestreams, MeetingPage } from './operations.ts';
import { startClient } from './startClient.ts';

const LOADED = { data: { livestreams: { totalCount: 320 } } };
const UNAVAILABLE = { kind: 'status', status: 503 } as const;
/** The gateway itself repeats a read twice. */
const ATTEMPTS_OF_GATEWAY = 3;
/** `initialDelayMs`, by the factors of `retryExchange` for the random number that `fakeClientTimers` provides. */
const [FIRST_BACKOFF_MS, SECOND_BACKOFF_MS] = [500 * 2.27, 500 * 2.27 * 2.27];

describe("urql's retryExchange", () => {
  test('repeats a query after the wait that the gateway gives, and not before', async () => {
    const { gateway, loadList, shown } = await startClient();
    gateway.sandbox.setFaults([{ kind: 'status', status: 429, retryAfterSeconds: 7, times: 1 }]);
    const timers = fakeClientTimers();
    const result = loadList();
    await timers.expire(FIRST_BACKOFF_MS);
    await timers.waitForTimer(7000, 7000);
    gateway.clock.advance(7000);
    timers.advance(6999);
    expect(gateway.upstreamRequests()).toHaveLength(1);
    timers.advance(1);
    expect(await result).toMatchObject(LOADED);
    expect([gateway.upstreamRequests().length, shown]).toEqual([2, []]);
  });

  test('does not keep the user waiting for more than 30 seconds', async () => {
    const { gateway, loadList, shown } = await startClient();
    gateway.sandbox.setFaults([{ kind: 'status', status: 429, retryAfterSeconds: 31 }]);
    expect((await loadList()).data).toBeNull();
    expect([gateway.upstreamRequests().length, shown]).toEqual([1, ['Too many requests. Try again in 31 seconds.']]);
  });

  test('repeats a query that RealtimeKit does not answer, after a random delay', async () => {
    const { gateway, loadList, shown } = await startClient();
    gateway.sandbox.setFaults([{ ...UNAVAILABLE, times: 2 * ATTEMPTS_OF_GATEWAY }]);
    const timers = fakeClientTimers();
    const result = loadList();
    await timers.expire(FIRST_BACKOFF_MS);
    await timers.expire(SECOND_BACKOFF_MS);
    expect(await result).toMatchObject(LOADED);
    expect([gateway.upstreamRequests().length, shown]).toEqual([2 * ATTEMPTS_OF_GATEWAY + 1, []]);
  });

  test('gives up after three attempts, shows the user why, and keeps the data beside the error', async () => {
    const { client, gateway, shown } = await startClient();
    gateway.sandbox.setFaults([{ ...UNAVAILABLE, route: '/meetings/{meeting_id}/active-livestream' }]);
    const timers = fakeClientTimers();
    const result = client.query(MeetingPage, { id: gateway.exampleIds.liveMeetingId }).toPromise();
    await timers.expire(FIRST_BACKOFF_MS);
    await timers.expire(SECOND_BACKOFF_MS);
    const { data, error } = await result;
    expect(data).toMatchObject({ meeting: { title: expect.any(String), activeLivestream: null } });
    expect(error).toMatchObject({ graphQLErrors: [{ extensions: { code: 'UPSTREAM_UNAVAILABLE' } }] });
    expect(gateway.operationLogs).toHaveLength(3);
    expect(shown).toEqual(['The livestream service is not available. Try again in a minute.']);
  });

  test('repeats a query while the gateway cannot be reached', async () => {
    const { gateway, loadList, served, shown } = await startClient();
    await served.drain();
    const timers = fakeClientTimers();
    const result = loadList();
    await timers.expire(FIRST_BACKOFF_MS);
    await timers.waitForTimer(SECOND_BACKOFF_MS, SECOND_BACKOFF_MS);
    await serveGateway(gateway, {}, served.port);
    timers.advance(SECOND_BACKOFF_MS);
    expect(await result).toMatchObject(LOADED);
    expect(shown).toEqual([]);
  });

  test('does not repeat a query that would fail again', async () => {
    const { client, gateway, shown } = await startClient();
    const { error } = await client.query(Livestreams, { first: 1, filter: { status: 'UNKNOWN' } });
    expect(error?.message).toContain('must not be UNKNOWN');
    expect(gateway.operationLogs).toHaveLength(1);
    expect(shown).toEqual(['"status" must not be UNKNOWN: RealtimeKit has no such filter.']);
  });

  test('does not repeat a mutation', async () => {
    const { client, gateway } = await startClient();
    gateway.sandbox.setFaults([{ kind: 'status', status: 429, retryAfterSeconds: 1, method: 'POST' }]);
    await expect(startLivestream(client, gateway.exampleIds.idleMeetingId, 'Launch')).rejects.toThrow();
    expect(gateway.upstreamRequests()).toEqual(['POST /meetings/{meeting_id}/livestreams']);
  });

  test('sends nothing more for a query that nobody waits for any longer', async () => {
    const { client, gateway } = await startClient();
    gateway.sandbox.setFaults([{ kind: 'status', status: 429, retryAfterSeconds: 7, times: 1 }]);
    const timers = fakeClientTimers();
    const query = client.query(Livestreams, { first: 1 }).subscribe(() => {});
    await timers.expire(FIRST_BACKOFF_MS);
    await timers.waitForTimer(7000, 7000);
    query.unsubscribe();
    gateway.clock.advance(7000);
    timers.advance(7000);
    await gateway.roundTrip();
    expect(gateway.operationLogs).toHaveLength(1);
  });
});
