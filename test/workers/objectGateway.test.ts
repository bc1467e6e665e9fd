import { DatabaseSync } from 'node:sqlite';

import { expect, onTestFinished, test, vi } from 'vitest';

import { createSandbox } from '../../src/sandbox/sandbox.ts';
import { ObjectGateway } from '../../src/workers/objectGateway.ts';

const SUBSCRIPTION = 'subscription { livestreamUpdated { id } }';
const QUERY = '{ livestreams(first: 1) { nodes { id } } }';

/** An object in development, with its sandbox. `failures`: how many times its database cannot be opened. */
function createObject({ failures = 0 }: { failures?: number } = {}) {
  vi.stubGlobal('WebSocketRequestResponsePair', function Pair() {});
  onTestFinished(() => void vi.unstubAllGlobals());
  const database = new DatabaseSync(':memory:');
  const alarms: number[] = [];
  let alarm: number | null = null;
  const object = new ObjectGateway(
    {
      storage: {
        sql: {
          exec(query, ...values) {
            if ((failures -= 1) >= 0) throw new Error('The database cannot be opened.');
            return database.prepare(query).all(...values);
          },
        },
        getAlarm: async () => alarm,
        async setAlarm(time) {
          alarms.push((alarm = time));
        },
      },
      waitUntil: () => {},
      acceptWebSocket: () => {},
      getWebSockets: () => [],
      setWebSocketAutoResponse: () => {},
    },
    {
      GATEWAY: { getByName: () => ({ fetch: async () => new Response() }) },
      NODE_ENV: 'test',
      AUTH: 'none',
      LOG_LEVEL: 'silent',
    },
    () => {
      const sandbox = createSandbox();
      const url = 'http://sandbox.invalid';
      return { url: `${url}/client/v4`, keyUrl: url, sandbox, fetch: async (request) => sandbox.fetch(request) };
    },
  );
  return {
    /** Sends an operation, whose result is an event stream. */
    send: async (query: string) =>
      object.fetch(
        new Request('http://127.0.0.1/graphql', {
          method: 'POST',
          headers: { 'content-type': 'application/json', accept: 'text/event-stream', host: '127.0.0.1' },
          body: JSON.stringify({ query }),
        }),
      ),
    /** What the platform does at the time of the alarm. */
    ring: async (): Promise<void> => {
      alarm = null;
      await object.alarm();
    },
    /** The number of times that an alarm was set. */
    alarmCount: () => alarms.length,
  };
}

test('an object is called by an alarm again and again while somebody subscribes, and not otherwise', async () => {
  const { send, ring, alarmCount } = createObject();
  await (await send(QUERY)).text();
  expect(alarmCount()).toBe(0);
  const subscription = await send(SUBSCRIPTION);
  expect(alarmCount()).toBe(1);
  await ring();
  await ring();
  expect(alarmCount()).toBe(3);
  await subscription.body?.cancel();
  await ring();
  expect(alarmCount()).toBe(3);
});

test('an object whose gateway could not start, because the storage failed, starts it for the next request', async () => {
  const { send } = createObject({ failures: 1 });
  await expect(send(QUERY)).rejects.toThrow('The database cannot be opened.');
  expect(await (await send(QUERY)).text()).toContain('"nodes"');
});
