import { describe, expect, test } from 'vitest';

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
