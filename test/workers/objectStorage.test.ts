import { DatabaseSync } from 'node:sqlite';

import { expect, test } from 'vitest';

import { createObjectStorage } from '../../src/workers/objectStorage.ts';
import { createFakeClock } from '../support/fakeClock.ts';

/** The saved state in a database. */
function open() {
  const database = new DatabaseSync(':memory:');
  const clock = createFakeClock();
  const exec = (query: string, ...values: (string | number | null)[]) => database.prepare(query).all(...values);
  const count = (table: string, condition = 'true'): unknown =>
    database.prepare(`SELECT count(*) AS count FROM ${table} WHERE ${condition}`).get()?.['count'];
  return { clock, count, openStorage: () => createObjectStorage({ exec }, () => clock.now()) };
}

test('what is saved is there until its time has passed, also for the next object', () => {
  const { clock, openStorage } = open();
  const storage = openStorage();
  expect(storage.get('a')).toBeNull();
  storage.set('a', 'first', 1000);
  storage.set('a', 'second', 1000);
  clock.advance(999);
  expect([storage.get('a'), openStorage().get('a')]).toEqual(['second', 'second']);
  clock.advance(1);
  expect([storage.get('a'), openStorage().get('a')]).toEqual([null, null]);
});

test('what has expired is deleted within an hour', () => {
  const { clock, count, openStorage } = open();
  const storage = openStorage();
  for (let index = 0; index < 5; index += 1) storage.set(`delivery ${index}`, 'accepted', 1000);
  clock.advance(3_600_000);
  storage.set('budget', '{}', 1000);
  expect(count('saved')).toBe(1);
});

test('a write changes one row: there is no index that would be written, and billed, as well', () => {
  const { count, openStorage } = open();
  openStorage();
  expect(count('sqlite_schema', "type = 'index'")).toBe(0);
});
