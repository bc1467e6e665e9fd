import * as v from 'valibot';

import type { SavedState } from '../lib/savedState.ts';
import type { SqlStorage } from './platform.ts';

const rowSchema = v.object({ text: v.string() });

/**
 * The saved state in an object's database. Calls are synchronous, and what the object sends leaves only once earlier writes are durable
 * (https://developers.cloudflare.com/durable-objects/reference/in-memory-state/). `now` returns milliseconds since the Unix epoch.
 */
export function createObjectStorage(sql: SqlStorage, now: () => number): SavedState {
  sql.exec('CREATE TABLE IF NOT EXISTS saved (key TEXT PRIMARY KEY, text TEXT NOT NULL, expires_at INTEGER NOT NULL)');
  sql.exec('CREATE INDEX IF NOT EXISTS saved_by_expiry ON saved (expires_at)');
  return {
    get(key) {
      const [row] = sql.exec('SELECT text FROM saved WHERE key = ? AND expires_at > ?', key, now());
      return row === undefined ? null : v.parse(rowSchema, row).text;
    },
    set(key, text, ttlMs) {
      sql.exec('DELETE FROM saved WHERE expires_at <= ?', now());
      sql.exec('INSERT OR REPLACE INTO saved VALUES (?, ?, ?)', key, text, now() + ttlMs);
    },
  };
}
