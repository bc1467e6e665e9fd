import { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { expect, onTestFinished, test, vi } from 'vitest';

import { at } from '../support/gateway.ts';
import { createSandbox } from '../../src/sandbox/sandbox.ts';
import type { HibernatingSocket } from '../../src/workers/hibernation.ts';
import { ObjectGateway } from '../../src/workers/objectGateway.ts';

const SUBSCRIPTION = 'subscription { livestreamUpdated { id } }';
const QUERY = '{ livestreams(first: 1) { nodes { id } } }';

function useFakeTimeouts(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
}

/** What the attachment of a socket without operations in progress has. */
const HEADERS = [
  ['accept', 'text/event-stream'],
  ['content-type', 'application/json'],
  ['host', '127.0.0.1'],
];

/** A socket that a former object has accepted, and the types of the messages that it gets. */
function createSocket() {
  const types: string[] = [];
  let stored: unknown = HEADERS;
  const socket: HibernatingSocket = {
    readyState: 1,
    send: (text) => void types.push(String(at(JSON.parse(text), 'type'))),
    close: () => {},
    serializeAttachment: (value) => void (stored = value),
    deserializeAttachment: () => stored,
  };
  return { socket, types };
}

interface ObjectOptions {
  /** How many times its database cannot be opened. */
  failures?: number;
  /** Whether it can set no alarm. */
  hasNoAlarm?: boolean;
}

/** An object in development, with its sandbox and a socket. */
function createObject({ failures = 0, hasNoAlarm = false }: ObjectOptions = {}) {
  vi.stubGlobal('WebSocketRequestResponsePair', function Pair() {});
  onTestFinished(() => void vi.unstubAllGlobals());
  const database = new DatabaseSync(':memory:');
  const alarms: number[] = [];
  let alarm: number | null = null;
  const { socket, types } = createSocket();
  const object = new ObjectGateway(
    {
      storage: {
        sql: {
          exec(query, ...values) {
            if ((failures -= 1) >= 0) throw new Error('The database cannot be opened.');
            return database.prepare(query).all(...values);
          },
        },
        async getAlarm() {
          if (hasNoAlarm) throw new Error('The storage fails.');
          return alarm;
        },
        async setAlarm(time) {
          alarms.push((alarm = time));
        },
      },
      waitUntil: () => {},
      acceptWebSocket: () => {},
      getWebSockets: () => [socket],
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
    /** Handles a message of the socket. */
    receive: async (message: object) => object.webSocketMessage(socket, JSON.stringify(message)),
    /** The types of the messages that the socket got. */
    types,
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

test.each([
  ['a pong', { type: 'pong' }, []],
  ['a ping that only the object can answer', { type: 'ping', payload: { id: 1 } }, ['pong']],
  ['a query', { id: '1', type: 'subscribe', payload: { query: '{ __typename }' } }, ['next', 'complete']],
])(
  '%s over a WebSocket sets no alarm and leaves no timer: the object may hibernate',
  async (_kind, message, answers) => {
    const { receive, types, alarmCount } = createObject();
    await receive({ type: 'pong' });
    useFakeTimeouts();
    await receive(message);
    expect(types).toEqual(answers);
    expect([alarmCount(), vi.getTimerCount()]).toEqual([0, 0]);
  },
);

test.each([
  ['sets an alarm once it has lasted for seconds', false, 1],
  ['goes on even if no alarm can be set', true, 0],
])('a subscription over a WebSocket %s', async (_behaviour, hasNoAlarm, alarms) => {
  const { receive, types, alarmCount } = createObject({ hasNoAlarm });
  await receive({ type: 'pong' });
  useFakeTimeouts();
  let isHandled = false;
  const handled = receive({ id: '1', type: 'subscribe', payload: { query: SUBSCRIPTION } }).finally(
    () => (isHandled = true),
  );
  await expect.poll(() => types).toContain('next');
  expect(alarmCount()).toBe(0);
  vi.advanceTimersByTime(5000);
  await nextTurn();
  expect([alarmCount(), isHandled]).toEqual([alarms, false]);
  await receive({ id: '1', type: 'complete' });
  await handled;
});

test('an object whose gateway could not start, because the storage failed, starts it for the next request', async () => {
  const { send } = createObject({ failures: 1 });
  await expect(send(QUERY)).rejects.toThrow('The database cannot be opened.');
  expect(await (await send(QUERY)).text()).toContain('"nodes"');
});
