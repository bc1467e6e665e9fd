import { describe, expect, test } from 'vitest';
import { UpstreamError } from '../../src/domain/errors.ts';
import type { StartInput } from '../../src/domain/startStop.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import type { SettingsPatch } from '../../src/sandbox/settings.ts';
import { createLivestreamMutations } from '../../src/data/livestreamMutations.ts';
import { parseLivestream } from '../../src/realtimekit/parse.ts';
import { eventually } from '../support/eventually.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import {
  createOperationMutations,
  createOperation,
  upstreamErrorOf,
  startSandboxedClient,
} from '../support/upstream.ts';

const START = '/meetings/{meeting_id}/livestreams';
const STOP = '/meetings/{meeting_id}/active-livestream/stop';
const ACTIVE_LIVESTREAM = '/meetings/{meeting_id}/active-livestream';

/** Faults, other than a hang, that lose the response to a POST. */
const LOST_RESPONSES: Fault[] = [
  { kind: 'reset' },
  { kind: 'html' },
  { kind: 'html', status: 200 },
  { kind: 'status', status: 408 },
  { kind: 'status', status: 500 },
  { kind: 'status', status: 520 },
  { kind: 'status', status: 502 },
  { kind: 'status', status: 503, retryAfterSeconds: 60 },
  { kind: 'status', status: 504 },
  { kind: 'empty' },
  { kind: 'not-json' },
  { kind: 'huge' },
];
const OUTCOME_UNKNOWN: unknown = expect.objectContaining({ code: 'OUTCOME_UNKNOWN', field: null });
const CONFLICT: unknown = expect.objectContaining({ code: 'CONFLICT' });

/** Mutations against a sandbox. `input` is a start in a meeting without livestreams. */
async function sandboxedMutations(settings: SettingsPatch = {}) {
  const upstream = await startSandboxedClient(settings);
  const { mutations, activeOf } = createOperationMutations(upstream.options);
  const input = (overrides: Partial<StartInput> = {}): StartInput => ({
    meetingId: upstream.exampleIds.emptyMeetingId,
    name: 'Town hall',
    video: null,
    ...overrides,
  });
  /** Waits until the sandbox has received the request that hangs, and then advances the clock to its timeout. */
  async function timeOutHangingRequest(): Promise<void> {
    await eventually(() => expect(upstream.countRequests()).toBe(1));
    upstream.clock.advance(10_000);
  }
  return { ...upstream, mutations, input, activeOf, timeOutHangingRequest };
}

describe('start', () => {
  test('returns the new livestream with the fields that the response contains', async () => {
    const { mutations, input, activeOf, sandbox, routes } = await sandboxedMutations();
    const outcome = await mutations.start(input({ video: { width: 1280, height: 720 } }));
    const livestream = await activeOf(input().meetingId);
    expect(outcome).toEqual({
      livestream: {
        id: livestream?.id,
        meetingId: input().meetingId,
        name: 'Town hall',
        status: 'INVOKED',
        ingestServer: livestream?.ingestServer,
        playbackUrl: livestream?.playbackUrl,
        streamKey: livestream?.streamKey,
      },
    });
    expect(sandbox.requests().requests[0]?.body).toEqual({
      name: 'Town hall',
      video_config: { width: 1280, height: 720 },
    });
    expect(routes()).toEqual([`POST ${START}`, `GET ${ACTIVE_LIVESTREAM}`]);
  });

  test('sends no name and no video size if the input has none', async () => {
    const { mutations, input, sandbox } = await sandboxedMutations();
    const outcome = await mutations.start(input({ name: null }));
    expect(sandbox.requests().requests[0]?.body).toEqual({});
    expect(outcome).not.toHaveProperty('livestream.name');
  });

  test('returns NOT_FOUND for a meeting that does not exist, and CONFLICT for a meeting that is live', async () => {
    const { mutations, input, exampleIds, routes } = await sandboxedMutations();
    const field = ['input', 'meetingId'];
    expect(await mutations.start(input({ meetingId: 'none' }))).toMatchObject({
      userError: { code: 'NOT_FOUND', field },
    });
    expect(await mutations.start(input({ meetingId: exampleIds.liveMeetingId }))).toMatchObject({
      userError: { code: 'CONFLICT', field },
    });
    expect(routes()).toEqual([`POST ${START}`, `POST ${START}`]);
  });

  test("returns BAD_USER_INPUT with RealtimeKit's message if RealtimeKit rejects the input", async () => {
    const { mutations, input } = await sandboxedMutations();
    expect(await mutations.start(input({ video: { width: 0, height: 720 } }))).toEqual({
      userError: {
        code: 'BAD_USER_INPUT',
        message: 'RealtimeKit rejected the input: video_config.width must be a positive number',
        field: null,
      },
    });
  });

  test.each([
    [{ kind: 'status', status: 401 }, 'UPSTREAM_INVALID_RESPONSE'],
    [{ kind: 'status', status: 403 }, 'UPSTREAM_INVALID_RESPONSE'],
    [{ kind: 'status', status: 429, retryAfterSeconds: 30 }, 'RATE_LIMITED'],
    [{ kind: 'redirect', status: 307 }, 'UPSTREAM_INVALID_RESPONSE'],
  ] as const)('rejects after %j with %s, without reading the active livestream', async (fault, code) => {
    const { mutations, input, sandbox, routes } = await sandboxedMutations();
    sandbox.setFaults([{ ...fault, route: START }]);
    expect((await upstreamErrorOf(mutations.start(input()))).code).toBe(code);
    expect(routes()).toEqual([`POST ${START}`]);
  });
});

describe('start, when its response is lost', () => {
  test.each([...LOST_RESPONSES, { kind: 'truncated' } as const])(
    'returns the new livestream if RealtimeKit carried the start out (%j)',
    async (fault) => {
      const { mutations, input, activeOf, sandbox, routes } = await sandboxedMutations();
      sandbox.setFaults([{ ...fault, route: START, after: true }]);
      const outcome = await mutations.start(input());
      const active = await activeOf(input().meetingId);
      expect(active).not.toBeNull();
      expect(outcome).toEqual({ livestream: active });
      expect(routes()).toEqual([`POST ${START}`, `GET ${ACTIVE_LIVESTREAM}`, `GET ${ACTIVE_LIVESTREAM}`]);
    },
  );

  test.each(LOST_RESPONSES)(
    'returns OUTCOME_UNKNOWN if RealtimeKit did not carry the start out (%j)',
    async (fault) => {
      const { mutations, input, activeOf, sandbox, routes } = await sandboxedMutations();
      sandbox.setFaults([{ ...fault, route: START }]);
      expect(await mutations.start(input())).toEqual({ userError: OUTCOME_UNKNOWN });
      expect(routes()).toEqual([`POST ${START}`, `GET ${ACTIVE_LIVESTREAM}`]);
      expect(await activeOf(input().meetingId)).toBeNull();
    },
  );

  test.each([true, false])(
    'reads the active livestream after 10 s if the request hangs (carried out: %j)',
    async (isCarriedOut) => {
      const { mutations, input, activeOf, clock, sandbox, timeOutHangingRequest, routes } = await sandboxedMutations();
      sandbox.setFaults([{ kind: 'hang', route: START, after: isCarriedOut }]);
      const starting = mutations.start(input());
      await timeOutHangingRequest();
      const outcome = await starting;
      const active = await activeOf(input().meetingId);
      expect(active !== null).toBe(isCarriedOut);
      expect(outcome).toEqual(isCarriedOut ? { livestream: active } : { userError: OUTCOME_UNKNOWN });
      expect(routes().filter((route) => route.startsWith('POST'))).toEqual([`POST ${START}`]);
      expect(clock.pending()).toBe(0);
    },
  );

  test('does not return a livestream that is older than the request', async () => {
    for (const seconds of [0, 3600, -3600]) {
      const { mutations, input, clock, sandbox } = await sandboxedMutations();
      sandbox.setClock({ advanceSeconds: seconds });
      // Both have the same name: only their ages differ.
      expect(await mutations.start(input())).toHaveProperty('livestream');
      clock.advance(5_000);
      sandbox.setFaults([{ kind: 'reset', route: START }]);
      expect(await mutations.start(input())).toEqual({ userError: OUTCOME_UNKNOWN });
    }
  });

  test('does not return a livestream that a start with another name created meanwhile', async () => {
    const { mutations, input, sandbox, countRequests, clock, options } = await sandboxedMutations();
    const otherMutations = createOperationMutations(options).mutations;
    sandbox.setFaults([{ kind: 'hang', route: START, times: 1 }]);
    const starting = mutations.start(input());
    await eventually(() => expect(countRequests()).toBe(1));
    expect(await otherMutations.start(input({ name: 'Another' }))).toHaveProperty('livestream');
    clock.advance(10_000);
    expect(await starting).toEqual({ userError: OUTCOME_UNKNOWN });
  });

  test.each([3600, -3600])("returns the new livestream when RealtimeKit's clock is %i s ahead", async (seconds) => {
    for (const knowsSkew of [true, false]) {
      const { mutations, input, activeOf, sandbox } = await sandboxedMutations();
      sandbox.setClock({ advanceSeconds: seconds });
      if (knowsSkew) await activeOf(input().meetingId);
      sandbox.setFaults([{ kind: 'reset', route: START, after: true }]);
      const outcome = await mutations.start(input());
      expect(outcome).toEqual({ livestream: await activeOf(input().meetingId) });
      expect(outcome).toHaveProperty('livestream.id');
    }
  });

  test('returns OUTCOME_UNKNOWN when reading the active livestream fails as well', async () => {
    const { mutations, input, sandbox, routes } = await sandboxedMutations();
    sandbox.setFaults([
      { kind: 'reset', route: START, after: true },
      { kind: 'status', status: 501, route: ACTIVE_LIVESTREAM },
    ]);
    expect(await mutations.start(input())).toEqual({ userError: OUTCOME_UNKNOWN });
    expect(routes()).toEqual([`POST ${START}`, `GET ${ACTIVE_LIVESTREAM}`]);
  });

  test('returns OUTCOME_UNKNOWN when the active livestream has no creation time', async () => {
    const { mutations, input, sandbox } = await sandboxedMutations({ responseFormats: { timestamps: 'missing' } });
    sandbox.setFaults([{ kind: 'reset', route: START, after: true }]);
    expect(await mutations.start(input())).toEqual({ userError: OUTCOME_UNKNOWN });
  });

  test.each([{ notFound: 'null' }, { notFound: 'empty' }] as const)(
    'returns OUTCOME_UNKNOWN when there is no active livestream, which the response shows as %j',
    async (responseFormats) => {
      const { mutations, input, sandbox } = await sandboxedMutations({ responseFormats });
      sandbox.setFaults([{ kind: 'reset', route: START }]);
      expect(await mutations.start(input())).toEqual({ userError: OUTCOME_UNKNOWN });
    },
  );
});

test.each([
  ['2026-01-15T12:00:00.000Z', true],
  ['2026-01-15T11:59:59.000Z', false],
  ['2026-01-15T12:00:00.600Z', false],
])(
  'start, sent at 12:00:00.7 and without a response, returns the active livestream created at %s: %s',
  async (createdAt, isReturned) => {
    const clock = createFakeClock(Date.UTC(2026, 0, 15, 12, 0, 0, 700));
    const response = { id: 'ours', status: 'INVOKED', created_at: createdAt };
    const mutations = createLivestreamMutations({
      clock,
      clockSkewMs: () => 0,
      effects: { now: () => ({ logical: 1, wallTime: 0 }), started: () => {}, stopped: () => {} },
      endpoints: {
        startLivestream: () => Promise.reject(new UpstreamError('unknown', 'UPSTREAM_TIMEOUT', 'Too late.')),
        stopLivestream: () => Promise.resolve(true),
        activeLivestream: () => Promise.resolve({ value: parseLivestream(response), entities: {} }),
      },
    });
    const outcome = await mutations.start(createOperation(clock), { meetingId: 'm', name: null, video: null });
    expect('livestream' in outcome).toBe(isReturned);
  },
);

describe('the name of a start', () => {
  test('is returned while RealtimeKit returns the livestream without a name', async () => {
    const { mutations, input, activeOf, sandbox } = await sandboxedMutations({ nameDelayMs: 60_000 });
    expect(await mutations.start(input())).toMatchObject({ livestream: { name: 'Town hall' } });
    expect(await activeOf(input().meetingId)).toMatchObject({ name: 'Town hall' });
    expect(await mutations.stop(input().meetingId)).toEqual({ stopped: true });
    sandbox.setFaults([{ kind: 'reset', route: START, after: true }]);
    expect(await mutations.start(input())).toMatchObject({ livestream: { name: 'Town hall' } });
  });
});

describe('simultaneous starts', () => {
  test('send one POST and share its outcome if they are equal', async () => {
    const { mutations, input, sandbox, countRequests } = await sandboxedMutations();
    const video = () => ({ width: 640, height: 360 });
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => mutations.start(input({ video: video() }))));
    expect(countRequests('POST')).toBe(1);
    expect(outcomes[0]).toHaveProperty('livestream.id');
    expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size).toBe(1);
    expect(sandbox.overview().counts.livestreams).toBe(321);
  });

  test('share an error if they are equal, after which the next start sends a POST', async () => {
    const { mutations, input, sandbox, countRequests } = await sandboxedMutations();
    sandbox.setFaults([{ kind: 'status', status: 403, route: START, times: 1 }]);
    const failures = await Promise.all(Array.from({ length: 20 }, () => upstreamErrorOf(mutations.start(input()))));
    expect(new Set(failures.map(({ code }) => code))).toEqual(new Set(['UPSTREAM_INVALID_RESPONSE']));
    expect(countRequests()).toBe(1);
    expect(await mutations.start(input())).toHaveProperty('livestream');
    expect(countRequests()).toBe(2);
  });

  test('read the active livestream once if they are equal and the response is lost', async () => {
    const { mutations, input, sandbox, routes } = await sandboxedMutations();
    sandbox.setFaults([{ kind: 'reset', route: START, after: true }]);
    await Promise.all(Array.from({ length: 20 }, () => mutations.start(input())));
    expect(routes()).toEqual([`POST ${START}`, `GET ${ACTIVE_LIVESTREAM}`]);
  });

  test.each([
    ['name', { name: 'Another' }],
    ['missing name', { name: null }],
    ['size', { video: { width: 640, height: 360 } }],
  ])('each send a POST if they differ in their %s', async (_field, overrides) => {
    const { mutations, input, countRequests } = await sandboxedMutations();
    const outcomes = await Promise.all([mutations.start(input()), mutations.start(input(overrides))]);
    expect(countRequests('POST')).toBe(2);
    expect(outcomes.filter((outcome) => 'livestream' in outcome)).toHaveLength(1);
    expect(outcomes).toContainEqual({ userError: CONFLICT });
  });

  test('each send a POST if they are in different meetings', async () => {
    const { mutations, input, exampleIds, countRequests } = await sandboxedMutations();
    const outcomes = await Promise.all([
      mutations.start(input()),
      mutations.start(input({ meetingId: exampleIds.idleMeetingId })),
    ]);
    expect(countRequests('POST')).toBe(2);
    for (const outcome of outcomes) expect(outcome).toHaveProperty('livestream');
  });
});

describe('stop', () => {
  test('ends the livestream', async () => {
    const { mutations, activeOf, exampleIds, routes } = await sandboxedMutations();
    expect(await mutations.stop(exampleIds.liveMeetingId)).toEqual({ stopped: true });
    expect(routes()).toEqual([`POST ${STOP}`]);
    expect(await activeOf(exampleIds.liveMeetingId)).toBeNull();
  });

  test('returns NOT_FOUND for a meeting that does not exist or has no active livestream', async () => {
    const { mutations, exampleIds } = await sandboxedMutations();
    for (const meetingId of ['none', exampleIds.emptyMeetingId]) {
      expect(await mutations.stop(meetingId)).toMatchObject({
        userError: { code: 'NOT_FOUND', field: ['input', 'meetingId'] },
      });
    }
  });

  test('returns CONFLICT after a 409, and rejects after a 403', async () => {
    const { mutations, exampleIds, sandbox, routes } = await sandboxedMutations();
    sandbox.setFaults([
      { kind: 'status', status: 409, route: STOP, times: 1 },
      { kind: 'status', status: 403, route: STOP },
    ]);
    expect(await mutations.stop(exampleIds.liveMeetingId)).toMatchObject({ userError: { code: 'CONFLICT' } });
    expect((await upstreamErrorOf(mutations.stop(exampleIds.liveMeetingId))).code).toBe('UPSTREAM_INVALID_RESPONSE');
    expect(routes()).toEqual([`POST ${STOP}`, `POST ${STOP}`]);
  });

  // The response to a stop contains nothing but its success: a truncated one is as good as lost.
  test.each([...LOST_RESPONSES, { kind: 'truncated' } as const])(
    'succeeds if the response is lost but RealtimeKit carried the stop out (%j)',
    async (fault) => {
      const { mutations, exampleIds, sandbox, routes } = await sandboxedMutations();
      sandbox.setFaults([{ ...fault, route: STOP, after: true }]);
      expect(await mutations.stop(exampleIds.liveMeetingId)).toEqual({ stopped: true });
      expect(routes()).toEqual([`POST ${STOP}`, `GET ${ACTIVE_LIVESTREAM}`]);
    },
  );

  test.each(LOST_RESPONSES)(
    'returns OUTCOME_UNKNOWN if the response is lost and RealtimeKit did not carry the stop out (%j)',
    async (fault) => {
      const { mutations, activeOf, exampleIds, sandbox, routes } = await sandboxedMutations();
      sandbox.setFaults([{ ...fault, route: STOP }]);
      expect(await mutations.stop(exampleIds.liveMeetingId)).toEqual({ userError: OUTCOME_UNKNOWN });
      expect(routes()).toEqual([`POST ${STOP}`, `GET ${ACTIVE_LIVESTREAM}`]);
      expect(await activeOf(exampleIds.liveMeetingId)).not.toBeNull();
    },
  );

  test.each([true, false])(
    'reads the active livestream after 10 s if the request hangs (carried out: %j)',
    async (isCarriedOut) => {
      const { mutations, clock, exampleIds, sandbox, timeOutHangingRequest, countRequests } =
        await sandboxedMutations();
      sandbox.setFaults([{ kind: 'hang', route: STOP, after: isCarriedOut }]);
      const stopping = mutations.stop(exampleIds.liveMeetingId);
      await timeOutHangingRequest();
      expect(await stopping).toEqual(isCarriedOut ? { stopped: true } : { userError: OUTCOME_UNKNOWN });
      expect([countRequests('POST'), clock.pending()]).toEqual([1, 0]);
    },
  );

  test('returns OUTCOME_UNKNOWN when reading the active livestream fails as well', async () => {
    const { mutations, exampleIds, sandbox } = await sandboxedMutations();
    sandbox.setFaults([
      { kind: 'reset', route: STOP, after: true },
      { kind: 'status', status: 501, route: ACTIVE_LIVESTREAM },
    ]);
    expect(await mutations.stop(exampleIds.liveMeetingId)).toEqual({ userError: OUTCOME_UNKNOWN });
  });
});
