import { expect } from 'vitest';
import { createSandbox } from '../../src/sandbox/sandbox.ts';
import { startSandboxServer } from '../../src/sandbox/server.ts';
import type { SettingsPatch } from '../../src/sandbox/settings.ts';
import { cleanUpAfterTest } from '../support/cleanup.ts';
import { type FakeClock, createFakeClock } from '../support/fakeClock.ts';

/** A response with its JSON body; `body` is undefined if the response has none. */
export interface JsonResponse {
  status: number;
  headers: Headers;
  body: unknown;
}

/** Serves a sandbox over HTTP, with a fake clock, until the end of the test. */
export async function serveSandbox(settings: SettingsPatch = {}, clock: FakeClock = createFakeClock()) {
  const sandbox = createSandbox({ clock, settings });
  const server = await startSandboxServer({ port: 0, sandbox });
  cleanUpAfterTest(() => server.close());
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
    get: (path: string) => readJson(call(path)),
    post: (path: string, body: unknown = {}) => readJson(call(path, { method: 'POST', body: JSON.stringify(body) })),
    send: (method: string, path: string, body?: unknown) =>
      readJson(call(path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })),
    control: (method: string, path: string, body?: unknown) => readJson(control(method, path, body)),
  };
}

async function readJson(responding: Promise<Response>): Promise<JsonResponse> {
  const response = await responding;
  const text = await response.text();
  const body: unknown = text === '' ? undefined : JSON.parse(text);
  return { status: response.status, headers: response.headers, body };
}

/** Matchers of type `unknown`, so that they can be part of an expected object. */
export const aString: unknown = expect.any(String);
export const aNumber: unknown = expect.any(Number);
export const stringMatching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

/** A value inside JSON, or undefined: `getAt(body, 'data', 0, 'id')`. */
export function getAt(value: unknown, ...keys: (string | number)[]): unknown {
  return keys.reduce<unknown>((found, key) => {
    return typeof found === 'object' && found !== null ? Reflect.get(found, key) : undefined;
  }, value);
}

/** Returns the value if it is an array, else throws. */
export function assertArray(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new Error('Not a list');
  return value.map((row: unknown) => row);
}
