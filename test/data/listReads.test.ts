import { describe, expect, test } from 'vitest';

import type { LivestreamQuery } from '../../src/domain/models.ts';
import { createFakeClock, type FakeClock } from '../support/fakeClock.ts';
import { createMemoryStore } from '../support/memoryStore.ts';
import { createTestDataSource } from './cache/testDataSource.ts';

interface Row {
  id: string;
  status: string;
  meeting_id: string;
}

const ALL: LivestreamQuery = { status: null, excludeMeetings: false, from: null, to: null, order: 'DESC' };

/** `count` livestreams in one status, in meetings of their own; newest first. */
const rowsOf = (count: number, status = 'IDLE'): Row[] =>
  Array.from({ length: count }, (_, index) => ({ id: `l${index}`, status, meeting_id: `m${index}` }));

/** The page of a list that a URL asks for; `size` overrides the requested number of rows. */
function pageOf(rows: readonly Row[], { searchParams }: URL, size = Number(searchParams.get('per_page'))) {
  const status = searchParams.get('status');
  const list = rows.filter((row) => status === null || row.status === status);
  const from = (Number(searchParams.get('page_no')) - 1) * size;
  return { data: list.slice(from, from + size), paging: { start_offset: from + 1, total_count: list.length } };
}

describe('a list whose pages have more rows than requested', () => {
  test.each([
    [150, 150],
    [150, 300],
    [200, 201],
  ])('does not prove that it is complete, unless one page has it all: pages of %i, %i rows', async (size, count) => {
    const rows = rowsOf(count, 'LIVE');
    const { dataSource, urls, operationOf } = createTestDataSource({ respond: (url) => pageOf(rows, url, size) });
    const active = await dataSource.bulkReads?.active(await operationOf('A'));
    expect(active?.rows.length).toBe(count > size ? undefined : count);
    expect(urls).toHaveLength(2);
  });
});

describe('the head of a list that another replica has read', () => {
  test.each([-30_000, 0, 30_000])('is as old as it is, although the clock there is %i ms ahead', async (aheadMs) => {
    const clock = createFakeClock();
    const rows = rowsOf(4, 'LIVE');
    const store = createMemoryStore({ clock, minReplicas: 2 });
    const createReplica = (replicaClock: FakeClock) =>
      createTestDataSource({
        clock: replicaClock,
        cluster: { store: store.connect(), prefix: 'test ' },
        respond: (url) => (url.pathname.endsWith('/active-livestream') ? null : pageOf(rows, url)),
      });
    const there = createReplica({ ...clock, now: () => clock.now() + aheadMs });
    const here = createReplica(clock);
    // A replica serves nothing that was read before it started.
    clock.advance(1000);
    const meetingIds = ['m0', 'm1', 'm2', 'm3', 'none'];
    await there.dataSource.bulkReads?.activeByMeeting(await there.operationOf('A'), meetingIds);
    clock.advance(500);
    const { reads, bulkReads } = here.dataSource;
    const operation = await here.operationOf('A');
    await bulkReads?.activeByMeeting(operation, [...meetingIds, 'other']);
    expect(here.urls).toEqual([]);
    const isFresh = (): boolean => reads.activeLivestream.isFresh(operation, 'none');
    expect(isFresh()).toBe(true);
    clock.advance(1499);
    expect(isFresh()).toBe(true);
    clock.advance(1);
    expect(isFresh()).toBe(false);
    // What only this replica has concluded from the list is shared.
    await expect.poll(() => [...store.entries().keys()].join()).toContain('/active-livestream other');
  });
});

describe('the livestreams of a meeting, where the API has no endpoint for them,', () => {
  const KEY = { meetingId: 'm', range: { offset: 0, count: 25 } };

  /** A data source without the endpoint. `onPage` is called after each page of the list of all livestreams. */
  function createWithout(rows: Row[], onPage: () => void = () => {}) {
    return createTestDataSource({
      respond(url) {
        if (url.pathname.endsWith('/livestream')) return null;
        if (url.pathname.endsWith('/meetings/m')) return { data: { id: 'm' } };
        const page = pageOf(rows, url);
        onPage();
        return page;
      },
    });
  }

  test('contain each livestream once, although one starts between two pages of the list of all', async () => {
    const rows = rowsOf(250);
    for (const [index, row] of rows.entries()) if (index === 5 || index === 99) row.meeting_id = 'm';
    let pages = 0;
    const { dataSource, operationOf } = createWithout(rows, () => {
      pages += 1;
      if (pages === 1) rows.unshift({ id: 'new', status: 'LIVE', meeting_id: 'another' });
    });
    const found = await dataSource.reads.meetingLivestreams.get(await operationOf('A'), KEY);
    expect(found.rows.map((row) => row?.id)).toEqual(['l5', 'l99']);
    expect(found).toMatchObject({ totalCount: 2, hasNext: false });
  });

  test('are as old as the oldest page that they come from', async () => {
    const rows = rowsOf(150);
    for (const row of rows) row.meeting_id = 'm';
    const { clock, dataSource, operationOf } = createWithout(rows);
    const { reads } = dataSource;
    const operation = await operationOf('A');
    await reads.livestreams.get(operation, { query: ALL, range: { offset: 100, count: 100 } });
    clock.advance(1500);
    await reads.meetingLivestreams.get(operation, KEY);
    expect(reads.meetingLivestreams.isFresh(operation, KEY)).toBe(true);
    clock.advance(499);
    expect(reads.meetingLivestreams.isFresh(operation, KEY)).toBe(true);
    clock.advance(1);
    expect(reads.meetingLivestreams.isFresh(operation, KEY)).toBe(false);
  });
});

test('the livestreams of a meeting are read again after a webhook that names one of them, but no meeting', async () => {
  const row: Row = { id: 'l', status: 'LIVE', meeting_id: 'm' };
  const { dataSource, operationOf } = createTestDataSource({ respond: () => ({ data: { livestreams: [row] } }) });
  const read = async (): Promise<(string | undefined)[]> => {
    const key = { meetingId: 'm', range: { offset: 0, count: 25 } };
    const { rows } = await dataSource.reads.meetingLivestreams.get(await operationOf('A'), key);
    return rows.map((found) => found?.status);
  };
  expect(await read()).toEqual(['LIVE']);
  row.status = 'IDLE';
  dataSource.invalidateExternal({ livestreamId: 'another', meetingId: null });
  expect(await read()).toEqual(['LIVE']);
  dataSource.invalidateExternal({ livestreamId: 'l', meetingId: null });
  expect(await read()).toEqual(['IDLE']);
});
