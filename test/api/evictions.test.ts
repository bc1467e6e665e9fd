import { describe, expect, test } from 'vitest';

import type { SavedState } from '../../src/lib/savedState.ts';
import { type Transport, TransportError } from '../../src/realtimekit/transport.ts';
import { createSigningKey } from '../../src/sandbox/webhooks/signingKey.ts';
import { WEBHOOK_PATH } from '../../src/server/plugins/useRoutes.ts';
import {
  ACCOUNT,
  APP,
  at,
  startTestGateway,
  type TestGateway,
  type TestGatewayOptions,
  TOKEN,
  waitUntil,
} from '../support/gateway.ts';
import { createMemorySavedState } from '../support/memorySavedState.ts';
import { keyResponse } from '../webhooks/testReceiver.ts';

const START_REQUEST = 'POST /meetings/{meeting_id}/livestreams';
/** How long a gateway waits for a request of the one before. */
const SETTLE_MS = 6000;
const KEY_URL = 'https://keys.test/webhooks.json';

/** When the gateway is evicted that sends a start. */
type Moment = 'before the request leaves' | 'before the response arrives' | 'before the outcome is saved';

interface Eviction {
  intercept: (send: Transport) => Transport;
  happened: Promise<void>;
  wrap: (savedState: SavedState) => SavedState;
}

/** Evicts a gateway with its first POST: it sends nothing more, gets no response, and its writes have no effect. */
function createEviction(moment: Moment): Eviction {
  const { promise: happened, resolve } = Promise.withResolvers<void>();
  let isEvicted = false;
  const evict = async (): Promise<never> => {
    isEvicted = true;
    resolve();
    return new Promise<never>(() => {});
  };
  return {
    happened,
    intercept: (send) => async (request) => {
      if (isEvicted || moment === 'before the request leaves') return evict();
      const response = await send(request);
      if (moment === 'before the response arrives') return evict();
      void evict();
      return response;
    },
    wrap: (savedState) => ({
      get: (key) => savedState.get(key),
      set: (...entry) => (isEvicted ? undefined : savedState.set(...entry)),
    }),
  };
}

/** Starts a gateway whose state is saved. `replace` starts the one that replaces it. */
async function startSavedGateway({ options = {}, ...rest }: TestGatewayOptions = {}, eviction?: Eviction) {
  const savedState = createMemorySavedState({ now: () => first.clock.now() });
  const first: TestGateway = await startTestGateway({
    ...rest,
    ...(eviction === undefined ? {} : { intercept: eviction.intercept }),
    options: { ...options, savedState: eviction?.wrap(savedState) ?? savedState },
  });
  return {
    first,
    savedState,
    replace: async () => startTestGateway({ ...rest, sandboxOf: first, options: { ...options, savedState } }),
  };
}

const start = (meetingId: string, name = 'Show'): string =>
  `mutation { startLivestream(input: { meetingId: "${meetingId}", name: "${name}" }) { livestream { id name } userErrors { code } } }`;

/** Evicts a gateway at a moment of its start in the empty meeting. Returns the gateway that replaces it. */
async function evictInStart(moment: Moment) {
  const eviction = createEviction(moment);
  const { first, replace } = await startSavedGateway({}, eviction);
  const meetingId = first.exampleIds.emptyMeetingId;
  void first.send({ query: start(meetingId) });
  await eviction.happened;
  return { gateway: await replace(), meetingId };
}

/** Sends a start that waits for a request of the gateway before. */
async function sendAfterWait(gateway: TestGateway, query: string) {
  const timers = gateway.clock.pending();
  const response = gateway.send({ query });
  await waitUntil(() => gateway.clock.pending() > timers);
  gateway.clock.advance(SETTLE_MS);
  return response;
}

const startCount = (gateway: TestGateway): number =>
  gateway.upstreamRequests().filter((request) => request === START_REQUEST).length;

describe('a start during which the gateway is evicted', () => {
  test.each<Moment>(['before the request leaves', 'before the response arrives', 'before the outcome is saved'])(
    'creates one livestream, which the repeated start returns, if the eviction comes %s',
    async (moment) => {
      const { gateway, meetingId } = await evictInStart(moment);
      const { data, errors } = await sendAfterWait(gateway, start(meetingId));
      expect(errors).toEqual([]);
      expect(data).toMatchObject({ startLivestream: { livestream: { name: 'Show' }, userErrors: [] } });
      expect(startCount(gateway)).toBe(1);
      const active = await gateway.rest(`/meetings/${meetingId}/active-livestream`);
      expect(at(data, 'startLivestream', 'livestream', 'id')).toBe(at(active, 'id'));
    },
  );

  test('conflicts with a start that has another name', async () => {
    const { gateway, meetingId } = await evictInStart('before the response arrives');
    const { data } = await sendAfterWait(gateway, start(meetingId, 'Another'));
    expect(data).toMatchObject({ startLivestream: { livestream: null, userErrors: [{ code: 'CONFLICT' }] } });
    expect(startCount(gateway)).toBe(1);
  });
});

test('a start after one of unknown outcome does not wait if the same gateway sent both', async () => {
  const { first } = await startSavedGateway({
    intercept: (send) => async (request) => {
      if (request.method === 'POST') throw new TransportError('interrupted', 'The connection broke.');
      return send(request);
    },
  });
  const query = start(first.exampleIds.emptyMeetingId);
  const results = [await first.send({ query }), await first.send({ query })].map(({ data }) => data);
  const unknown = { startLivestream: { userErrors: [{ code: 'OUTCOME_UNKNOWN' }] } };
  expect(results).toMatchObject([unknown, unknown]);
});

describe('a gateway that replaces an evicted one', () => {
  const READ = '{ meetings { nodes { id } } }';

  test('keeps to the lockout after a 429', async () => {
    const { first, replace } = await startSavedGateway();
    first.sandbox.setFaults([{ kind: 'status', status: 429, retryAfterSeconds: 120, times: 1 }]);
    await first.send({ query: READ });
    first.clock.advance(20_000);
    const second = await replace();
    const { errors } = await second.send({ query: READ });
    expect(errors.map(({ extensions }) => extensions)).toMatchObject([
      { code: 'RATE_LIMITED', retryAfterSeconds: 100 },
    ]);
    expect(second.upstreamRequests()).toHaveLength(1);
    second.clock.advance(100_000);
    expect((await second.send({ query: READ })).errors).toEqual([]);
  });

  test('counts what the other one spent of the request budget', async () => {
    const { first, replace } = await startSavedGateway();
    await first.send({ query: READ });
    const BUDGET = '{ upstreamBudget { remaining limit resetsAt } }';
    const { data } = await first.send({ query: BUDGET });
    expect(at(data, 'upstreamBudget', 'remaining')).toBeLessThan(Number(at(data, 'upstreamBudget', 'limit')));
    expect((await (await replace()).send({ query: BUDGET })).data).toEqual(data);
  });

  test('recognizes a webhook delivery that the other one accepted', async () => {
    const signing = createSigningKey();
    const publicKey = await signing.publicPem();
    const { first, replace } = await startSavedGateway({
      options: { webhookKeyUrl: KEY_URL },
      intercept: (send) => async (request) =>
        request.url === KEY_URL ? keyResponse({ success: true, data: { publicKey } }) : send(request),
    });
    const second = await replace();
    const livestreamId = first.exampleIds.liveLivestreamId;
    const body = JSON.stringify({ event: 'livestreaming.statusUpdate', streamId: livestreamId, status: 'LIVE' });
    const signature = await signing.sign(new TextEncoder().encode(body));
    const deliver = async (gateway: TestGateway, id: string): Promise<number> => {
      const headers = { 'rtk-uuid': id, 'rtk-signature': signature };
      return (await gateway.fetch(WEBHOOK_PATH, { method: 'POST', headers, body })).status;
    };
    /** Upstream requests of a read: none if its cached value was not invalidated. */
    const requestsOf = async (gateway: TestGateway): Promise<number> => {
      gateway.clearUpstreamRequests();
      await gateway.send({ query: `{ livestream(id: "${livestreamId}") { status } }` });
      return gateway.upstreamRequests().length;
    };
    expect(await deliver(first, 'delivery-1')).toBe(200);
    await requestsOf(second);
    expect(await deliver(second, 'delivery-1')).toBe(200);
    expect(await requestsOf(second)).toBe(0);
    expect(await deliver(second, 'delivery-2')).toBe(200);
    expect(await requestsOf(second)).toBe(1);
  });
});

test('saved state contains no secrets and no ids of the account', async () => {
  const { first, savedState } = await startSavedGateway();
  const { data } = await first.send({
    query: `mutation { startLivestream(input: { meetingId: "${first.exampleIds.emptyMeetingId}" }) { livestream { streamKey } } }`,
  });
  const streamKey = String(at(data, 'startLivestream', 'livestream', 'streamKey'));
  expect(streamKey).toMatch(/.{8}/);
  const text = JSON.stringify(savedState.entries());
  expect(text).toContain('budget');
  for (const secret of [TOKEN, ACCOUNT, APP, streamKey]) expect(text).not.toContain(secret);
});
