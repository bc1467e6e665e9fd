import { getEventListeners } from 'node:events';

import { describe, expect, test } from 'vitest';

import { APP } from '../../support/upstream.ts';
import { createTestDataSource, type TestDataSource } from './testDataSource.ts';

const ALL = { status: null, excludeMeetings: null, from: null, to: null, order: 'DESC' } as const;
const RANGE = { offset: 0, count: 3 };

type Reads = TestDataSource['dataSource']['reads'];
type Operation = Awaited<ReturnType<TestDataSource['operationOf']>>;

/** A lookup of every cached query. */
const LOOKUPS: [string, (reads: Reads, operation: Operation) => unknown][] = [
  ['a meeting', (reads, operation) => reads.meeting.get(operation, 'meet')],
  ['a livestream', (reads, operation) => reads.livestream.get(operation, 'live')],
  ['the active livestream', (reads, operation) => reads.activeLivestream.get(operation, 'meet')],
  ['the active session', (reads, operation) => reads.activeSession.get(operation, 'live')],
  ['a session', (reads, operation) => reads.session.get(operation, 'sess')],
  ['meetings', (reads, operation) => reads.meetings.get(operation, { search: null, range: RANGE })],
  ['livestreams', (reads, operation) => reads.livestreams.get(operation, { query: ALL, range: RANGE })],
  [
    'the livestreams of a meeting',
    (reads, operation) => reads.meetingLivestreams.get(operation, { meetingId: 'meet', range: RANGE }),
  ],
  [
    'the sessions of a livestream',
    (reads, operation) => reads.sessions.get(operation, { livestreamId: 'live', range: RANGE }),
  ],
  ['the head of a list', async (reads, operation) => (await reads.livestreamsHead.get(operation, ALL)).head],
];

describe('accounts of different tokens', () => {
  test.each(LOOKUPS)('do not share the cached value of %s', async (_name, lookUp) => {
    const { dataSource, urls, operationOf } = createTestDataSource();
    const [alice, bob] = [await operationOf('A'), await operationOf('B')];
    const ofAlice = JSON.stringify(await lookUp(dataSource.reads, alice));
    const requests = urls.length;
    const ofBob = JSON.stringify(await lookUp(dataSource.reads, bob));
    expect(urls).toHaveLength(2 * requests);
    expect(ofAlice).toContain(' of A"');
    expect(ofBob).toBe(ofAlice.replaceAll(' of A"', ' of B"'));

    // The second lookup of each is served from its own cache.
    const [again, andAgain] = [await lookUp(dataSource.reads, alice), await lookUp(dataSource.reads, bob)];
    expect([JSON.stringify(again), JSON.stringify(andAgain)]).toEqual([ofAlice, ofBob]);
    expect(urls).toHaveLength(2 * requests);
  });

  test.each(LOOKUPS)('do not share a request for %s, but operations of one account do', async (_name, lookUp) => {
    const { dataSource, urls, operationOf } = createTestDataSource();
    const operations = await Promise.all(['A', 'B', 'A', 'B'].map((name) => operationOf(name)));
    const values = await Promise.all(operations.map((operation) => lookUp(dataSource.reads, operation)));
    const owners = values.map((value) => / of (\w)"/.exec(JSON.stringify(value))?.[1]);
    expect(owners).toEqual(['A', 'B', 'A', 'B']);
    expect(urls).toHaveLength(2);
  });

  test('do not share the entities that lists and sessions contain', async () => {
    const { dataSource, operationOf } = createTestDataSource();
    const [alice, bob] = [await operationOf('A'), await operationOf('B')];
    for (const [, lookUp] of LOOKUPS) await lookUp(dataSource.reads, alice);
    const { livestream, activeLivestream, session, meeting } = dataSource.reads;
    for (const query of [livestream, activeLivestream, session, meeting]) {
      for (const key of ['live', 'meet', 'sess', 'row-0', 'row-1']) {
        expect(query.getFresh(bob, key)).toBeUndefined();
        expect(query.getAnyAge(bob.account.id, key)).toBeUndefined();
      }
    }
    expect(livestream.getFresh(alice, 'row-0')?.name).toBe('livestream of A');
  });

  test('have ids that do not reveal the token', async () => {
    const { dataSource } = createTestDataSource();
    const tokens = ['token-A', 'token-B', APP.token];
    const accounts = await Promise.all(tokens.map((token) => dataSource.account(token)));
    expect(new Set(accounts.map(({ id }) => id)).size).toBe(3);
    for (const [index, { id }] of accounts.entries()) {
      for (const token of tokens) {
        expect(id).not.toContain(token);
        expect(atob(id)).not.toContain(token);
        expect(token).not.toContain(id);
      }
      const again = await dataSource.account(tokens[index] ?? '');
      expect(again.id).toBe(id);
      expect(again.budget).toBe(accounts[index]?.budget);
    }
  });
});

describe('a finished lookup', () => {
  test.each(LOOKUPS)('of %s leaves no timer and no listener on its signal', async (_name, lookUp) => {
    const { clock, dataSource, operationOf } = createTestDataSource();
    const caller = new AbortController();
    const operation = await operationOf('A', caller.signal);
    await lookUp(dataSource.reads, operation);
    clock.advance(10_000);
    await lookUp(dataSource.reads, operation);
    expect(getEventListeners(caller.signal, 'abort')).toEqual([]);
    await expect.poll(() => clock.pending()).toBe(0);
  });
});
