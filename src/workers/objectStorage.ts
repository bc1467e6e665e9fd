import * as v from 'valibot';

import type { SavedState } from '../lib/savedState.ts';
import type { SqlStorage } from './platform.ts';

const rowSchema = v.object({ text: v.string() });

/** How often what has expired is deleted: each deletion reads the whole table. */
const SWEEP_INTERVAL_MS = 3_600_000;

/**
 * The saved state in an object's database. Calls are synchronous, and what the object sends leaves only once earlier writes are durable
 * (https://developers.cloudflare.com/durable-objects/reference/in-memory-state/). `now` returns milliseconds since the Unix epoch.
 */
export function createObjectStorage(sql: SqlStorage, now: () => number): SavedState {
  // Otherwise, the primary key would be an index, and each write would be two, which are billed (https://www.sqlite.org/withoutrowid.html).
  sql.exec(
    'CREATE TABLE IF NOT EXISTS saved (key TEXT PRIMARY KEY, text TEXT NOT NULL, expires_at INTEGER NOT NULL) WITHOUT ROWID',
  );
  let sweepAt = 0;
  return {
    get(key) {
      const [row] = sql.exec('SELECT text FROM saved WHERE key = ? AND expires_at > ?', key, now());
      return row === undefined ? null : v.parse(rowSchema, row).text;
    },
    set(key, text, ttlMs) {
      if (now() >= sweepAt) {
        sql.exec('DELETE FROM saved WHERE expires_at <= ?', now());
        sweepAt = now() + SWEEP_INTERVAL_MS;
      }
      sql.exec('INSERT OR REPLACE INTO saved VALUES (?, ?, ?)', key, text, now() + ttlMs);
    },
  };
}
