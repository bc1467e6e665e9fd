import { describe, expect, test } from 'vitest';

import { createTestDataSource } from './cache/testDataSource.ts';

interface Row {
  id: string;
  status: string;
  meeting_id: string;
}

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
