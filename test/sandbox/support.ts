import { afterEach, expect } from 'vitest';
import { createSandbox } from '../../src/sandbox/sandbox.ts';
import { startSandboxServer } from '../../src/sandbox/server.ts';
import type { SettingsPatch } from '../../src/sandbox/settings.ts';
import { type FakeClock, createFakeClock } from '../support/fakeClock.ts';

const running: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

/** An answer as a test looks at it; a member that is not there reads as undefined. */
export interface Seen {
  status: number;
  headers: Headers;
  body: unknown;
}

/** Closes it after the test. */
export function closeAfterTest(server: { close(): Promise<void> }): void {
  running.push(server);
}

/** A sandbox behind a real server on a fake clock, closed after the test. */
export async function serve(settings: SettingsPatch = {}, clock: FakeClock = createFakeClock()) {
  const sandbox = createSandbox({ clock, settings });
  const server = await startSandboxServer({ port: 0, sandbox });
  closeAfterTest(server);
  const base = `${server.url}/accounts/an-account/realtime/kit/an-app`;
  const call = (path: string, init: RequestInit = {}) =>
    fetch(`${base}${path}`, { redirect: 'manual', headers: { authorization: 'Bearer t' }, ...init });
  const control = (method: string, path: string, body?: unknown) =>
    fetch(`${server.origin}${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  return {
    ...server,
    clock,
    exampleIds: sandbox.exampleIds,
    call,
    get: (path: string) => seen(call(path)),
    post: (path: string, body: unknown = {}) => seen(call(path, { method: 'POST', body: JSON.stringify(body) })),
    send: (method: string, path: string, body?: unknown) =>
      seen(call(path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })),
    control: (method: string, path: string, body?: unknown) => seen(control(method, path, body)),
  };
}

async function seen(answer: Promise<Response>): Promise<Seen> {
  const response = await answer;
  const text = await response.text();
  const body: unknown = text === '' ? undefined : JSON.parse(text);
  return { status: response.status, headers: response.headers, body };
}

/** Matchers, typed so that they may stand in an expected object. */
export const aString: unknown = expect.any(String);
export const aNumber: unknown = expect.any(Number);
export const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

/** Digs into JSON: `at(body, 'data', 0, 'id')`. */
export function at(value: unknown, ...keys: (string | number)[]): unknown {
  return keys.reduce<unknown>((found, key) => {
    return typeof found === 'object' && found !== null ? Reflect.get(found, key) : undefined;
  }, value);
}

/** The rows of a list. */
export function rows(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new Error('Not a list');
  return value.map((row: unknown) => row);
}
