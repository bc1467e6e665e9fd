import type { Socket } from 'node:net';
import { afterEach, vi } from 'vitest';
import { createUndiciTransport } from '../../src/realtimekit/undiciTransport.ts';
import type { UndiciTransportOptions } from '../../src/realtimekit/undiciTransport.ts';
import type { TransportRequest } from '../../src/realtimekit/transport.ts';
import { certificate } from '../support/origins.ts';
import type { Origin } from '../support/origins.ts';

/** Functions that the test's end calls. */
export const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(cleanups.splice(0).map((cleanup) => cleanup()));
});

/** A transport that trusts the test origins, and is closed after the test. */
export function createTransport(options: UndiciTransportOptions = {}): ReturnType<typeof createUndiciTransport> {
  const transport = createUndiciTransport({ ca: certificate, ...options });
  cleanups.push(() => transport.close());
  return transport;
}

/** Waits for an origin to start, and stops it after the test. */
export async function running<O extends Origin>(starting: Promise<O>): Promise<O> {
  const origin = await starting;
  cleanups.push(() => origin.stop());
  return origin;
}

/** A GET request. */
export function read(url: string, rest: Partial<TransportRequest> = {}): TransportRequest {
  return { method: 'GET', url, headers: {}, signal: new AbortController().signal, maxBodyBytes: 1_000, ...rest };
}

/** A POST request. */
export function post(url: string, rest: Partial<TransportRequest> = {}): TransportRequest {
  return read(url, { method: 'POST', body: '{}', ...rest });
}

export const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

/** The first connection that an origin accepted. */
export function firstConnection(origin: Origin): Socket {
  const [socket] = origin.connections;
  if (socket === undefined) throw new Error('There is no connection.');
  return socket;
}
