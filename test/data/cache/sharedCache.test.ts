import { describe, expect, test } from 'vitest';

import { NO_LEASE, type SharedValue } from '../../../src/cluster/sharedValues.ts';
import { UpstreamError } from '../../../src/domain/errors.ts';
import { createThingQuery, type Thing } from './thingQuery.ts';

/** A query whose values another replica shares just before this replica asks for the lease. */
function createSharingQuery(valueOfPeer: Thing | null) {
  const query = createThingQuery({
    load: () => Promise.reject(new Error('No read is expected.')),
    sharedValues: {
      set: () => {},
      delete: () => {},
      async getOrAcquire(_id, { accept }) {
        const value = accept({ value: valueOfPeer, timestamp: { ...query.cache.now(), fromPeer: true } });
        return value === undefined ? { lease: { release: () => {} } } : { value };
      },
    },
  });
  return query;
}

describe('a value that another replica shares just before this one gets the lease', () => {
  test.each([{ text: 'shared' }, null])('is used instead of a read: %j', async (value) => {
    expect(await createSharingQuery(value).get('a')).toEqual(value);
  });
});

test('a shared value is no longer used once a newer read is rejected, however fresh it is', async () => {
  const shared = new Map<string, SharedValue>();
  const responses = [{ text: 'shared' }, new UpstreamError('rejected', 'FORBIDDEN', 'No access.'), { text: 'new' }];
  const { cache, query, operation, get } = createThingQuery({
    async load() {
      const response = responses.shift() ?? null;
      if (response instanceof Error) throw response;
      return { value: response, entities: {} };
    },
    sharedValues: {
      set: (id, value) => void shared.set(id, value),
      delete: (id) => void shared.delete(id),
      async getOrAcquire(id, { accept }) {
        const known = shared.get(id);
        const value = known && accept(known);
        return value === undefined ? { lease: NO_LEASE } : { value };
      },
    },
  });
  await get('a');
  expect([...shared.values()]).toMatchObject([{ value: { text: 'shared' } }]);
  await expect(query.get(operation(), 'a', cache.now())).rejects.toThrow('No access.');
  expect(await get('a')).toEqual({ text: 'new' });
});
