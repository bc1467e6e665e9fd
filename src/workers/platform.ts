/*
 * What the gateway uses of Cloudflare's runtime (https://developers.cloudflare.com/durable-objects/api/). The package with the
 * platform's types declares globals that contradict those of Node.js.
 */

import type { SocketState } from './hibernation.ts';

/** A Durable Object's state. It outlives the object's memory. */
export interface ObjectState extends SocketState {
  storage: ObjectStorage;
  /** Keeps the object in memory until `promise` is settled. */
  waitUntil(promise: Promise<unknown>): void;
}

export interface ObjectStorage {
  sql: SqlStorage;
  /** When `alarm()` is called, in milliseconds since the Unix epoch; null if it is not to be called. */
  getAlarm(): Promise<number | null>;
  setAlarm(time: number): Promise<void>;
}

/** The object's database. Queries are synchronous; a response or request of the object leaves it once earlier changes are on disk. */
export interface SqlStorage {
  exec(query: string, ...values: (string | number | null)[]): Iterable<Record<string, unknown>>;
}

/** The Durable Objects of one class. */
export interface ObjectNamespace {
  getByName(name: string): ObjectStub;
}

/** Reaches an object, wherever it runs. */
export interface ObjectStub {
  fetch(request: Request): Promise<Response>;
}
