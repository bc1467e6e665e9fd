import { expect, test } from 'vitest';

import { createTestDataSource } from './cache/testDataSource.ts';

test('a session that has stopped is the answer to which one is active for no longer than a running one', async () => {
  const stopped = { id: 'first', started_time: '2026-01-15T11:00:00Z', stopped_time: '2026-01-15T11:59:00Z' };
  let session: unknown = stopped;
  const { clock, dataSource, urls, operationOf } = createTestDataSource({
    respond: () => ({ data: { livestream: { id: 'l', status: 'LIVE' }, session } }),
  });
  const { reads } = dataSource;
  const operation = await operationOf('A');
  expect(await reads.activeSession.get(operation, 'l')).toMatchObject({ id: 'first' });
  session = { id: 'second', started_time: '2026-01-15T12:00:00Z' };
  clock.advance(15_000);
  expect(reads.activeSession.isFresh(operation, 'l')).toBe(false);
  // By its own id, it no longer changes.
  expect(await reads.session.get(operation, 'first')).toMatchObject({ stoppedAt: new Date(stopped.stopped_time) });
  expect(urls).toHaveLength(1);
  clock.advance(75_000);
  expect(await reads.activeSession.get(operation, 'l')).toMatchObject({ id: 'second' });
});
