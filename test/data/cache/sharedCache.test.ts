import * as v from 'valibot';
import { describe, expect, test } from 'vitest';

import type { SharedValue } from '../../../src/cluster/sharedValues.ts';
import { createThingQuery, type Thing } from './thingQuery.ts';

/** A query whose values another replica shares at the moment in which this replica gets the lease. */
function createSharingQuery(valueOfPeer: Thing | null) {
  const shared = new Map<string, SharedValue>();
  const query = createThingQuery({
    schema: v.nullable(v.object({ text: v.string() })),
    load: () => Promise.reject(new Error('No read is expected.')),
    sharedValues: {
      get: async (id) => shared.get(id) ?? null,
      set: (id, value) => void shared.set(id, value),
      delete: (id) => void shared.delete(id),
      async acquireLease(id) {
        shared.set(id, { value: valueOfPeer, timestamp: { ...query.cache.now(), fromPeer: true } });
        return { release: () => {} };
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
