import { describe, expect, test } from 'vitest';

import type { Fault } from '../../src/sandbox/faults.ts';
import { asArray, at, matching, startTestGateway, TOKEN } from '../support/gateway.ts';

const LOOKUPS = [
  '{ meeting(id: "m") { title } }',
  '{ meeting(id: "m") { activeLivestream { id } } }',
  '{ livestream(id: "l") { id } }',
  '{ livestreamSession(id: "s") { id } }',
];
const COLLECTIONS = [
  '{ meetings { totalCount } }',
  '{ livestreams { totalCount } }',
  '{ livestreamAnalytics { count } }',
  '{ livestreamAnalytics { days { count } } }',
];
const START = 'mutation { startLivestream(input: { meetingId: "m" }) { userErrors { code } } }';
const STOP = 'mutation { stopLivestream(input: { meetingId: "m" }) { userErrors { code } } }';

const TOKEN_FAULTS: Fault[] = [
  { kind: 'status', status: 400, code: 6003 },
  { kind: 'status', status: 400, code: 6111 },
  { kind: 'status', status: 401, code: 10_000 },
  { kind: 'status', status: 403, code: 9109 },
  { kind: 'status', status: 403, code: 10_000 },
];
const ADDRESS_FAULTS: Fault[] = [
  { kind: 'status', status: 400, code: 7003 },
  { kind: 'status', status: 404, code: 7003 },
  { kind: 'status', status: 404, code: 7000 },
];

const AS_CALLER = { headers: { authorization: `Bearer ${TOKEN}` } };

/** Starts a gateway whose callers send their own tokens. */
async function startPassthrough() {
  const gateway = await startTestGateway();
  const { server } = gateway.testbed;
  return startTestGateway({
    sandboxOf: gateway,
    options: {
      auth: { kind: 'passthrough' },
      upstream: {
        baseUrl: server.url,
        accountId: 'account',
        appId: 'app',
        token: null,
        attemptTimeoutMs: 10_000,
        totalTimeoutMs: 25_000,
        requestsPerSecond: 0,
      },
    },
  });
}

/** The distinct errors of all reads and mutations, each of which fails, without their paths. */
async function errorsOf(gateway: Awaited<ReturnType<typeof startTestGateway>>, fault: Fault, options = {}) {
  gateway.sandbox.setFaults([fault]);
  const texts = new Set<string>();
  for (const query of [...LOOKUPS, ...COLLECTIONS, START, STOP]) {
    const { errors } = await gateway.send({ query }, options);
    expect(errors).not.toEqual([]);
    for (const { message, extensions } of errors) texts.add(`${String(extensions['code'])}: ${message}`);
  }
  return texts;
}

describe("an upstream that rejects the gateway's own token", () => {
  test.each(TOKEN_FAULTS)('is never blamed on the caller: %j', async (fault) => {
    const gateway = await startTestGateway();
    expect(await errorsOf(gateway, fault)).toEqual(
      new Set([
        "UPSTREAM_INVALID_RESPONSE: RealtimeKit rejects the gateway's own API token, not yours: the gateway's operator must check CLOUDFLARE_API_TOKEN.",
      ]),
    );
  });

  test.each(TOKEN_FAULTS)('is served nothing that was read with the token before: %j', async (fault) => {
    const gateway = await startTestGateway();
    const query = `{ livestream(id: "${gateway.exampleIds.liveLivestreamId}") { name } }`;
    const read = async () => (await gateway.send({ query })).data;
    const before = await read();
    gateway.sandbox.setFaults([fault]);
    expect(await read()).toEqual(before);
    await gateway.send({ query: '{ livestreams { totalCount } }' });
    expect(await read()).toEqual({ livestream: null });
  });

  test('is logged once a minute, with the setting to check', async () => {
    const gateway = await startTestGateway();
    gateway.sandbox.setFaults([{ kind: 'status', status: 403, code: 10_000 }]);
    const query = '{ livestreams { totalCount } }';
    await gateway.send({ query });
    await gateway.send({ query });
    gateway.clock.advance(60_000);
    await gateway.send({ query });
    const entry = {
      level: 'error',
      message: 'Requests to RealtimeKit fail.',
      fields: { cause: 'token', code: 10_000, check: 'CLOUDFLARE_API_TOKEN' },
    };
    expect(gateway.logs).toMatchObject([
      { ...entry, fields: { ...entry.fields, requests: 1 } },
      { ...entry, fields: { ...entry.fields, requests: 2 } },
    ]);
    expect(JSON.stringify(gateway.logs)).not.toContain(TOKEN);
  });
});

describe("an upstream that rejects a caller's token", () => {
  test.each([
    [TOKEN_FAULTS[0], 'UNAUTHENTICATED: RealtimeKit rejects your API token: send a valid one.'],
    [
      TOKEN_FAULTS[3],
      'FORBIDDEN: Your API token is revoked or lacks a permission: it needs "Realtime" or "Realtime Admin".',
    ],
  ])('tells that caller what to do, and not the operator: %j', async (fault = { kind: 'status' }, error) => {
    const gateway = await startPassthrough();
    expect(await errorsOf(gateway, fault, AS_CALLER)).toEqual(new Set([error]));
    expect(gateway.logs).toEqual([]);
  });
});

describe('an upstream that does not know the account or the app', () => {
  test.each(ADDRESS_FAULTS)('is neither an empty list nor a missing meeting: %j', async (fault) => {
    const message =
      "UPSTREAM_INVALID_RESPONSE: RealtimeKit does not know the gateway's account or app: its operator must check CLOUDFLARE_ACCOUNT_ID and REALTIMEKIT_APP_ID.";
    const gateway = await startTestGateway();
    expect(await errorsOf(gateway, fault)).toEqual(new Set([message]));
    expect(gateway.logs).toMatchObject([
      { fields: { cause: 'address', check: matching(/^CLOUDFLARE_ACCOUNT_ID, REALTIMEKIT_APP_ID/) } },
    ]);
    const passthrough = await startPassthrough();
    expect(await errorsOf(passthrough, fault, AS_CALLER)).toEqual(new Set([message]));
    expect(passthrough.logs).toHaveLength(1);
  });

  test('is noticed in a plain "not found" of every collection', async () => {
    const gateway = await startTestGateway();
    gateway.sandbox.setFaults([{ kind: 'status', status: 404 }]);
    for (const query of COLLECTIONS) {
      expect((await gateway.send({ query })).errors).toMatchObject([{ message: matching(/REALTIMEKIT_APP_ID/) }]);
    }
    for (const query of LOOKUPS) expect((await gateway.send({ query })).errors).toEqual([]);
  });

  test('does not void what was read before, since the path of a single route may be the unknown one', async () => {
    const gateway = await startTestGateway();
    const query = '{ livestreams(first: 3) { nodes { id } } }';
    await gateway.send({ query });
    gateway.sandbox.setFaults([{ kind: 'status', status: 404, code: 7003 }]);
    await gateway.send({ query: '{ livestreamAnalytics { count } }' });
    expect(asArray(at((await gateway.send({ query })).data, 'livestreams', 'nodes'))).toHaveLength(3);
  });
});
