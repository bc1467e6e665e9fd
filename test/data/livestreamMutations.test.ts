import { describe, expect, test } from 'vitest';
import { UpstreamError } from '../../src/domain/errors.ts';
import type { StartInput } from '../../src/domain/startStop.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import type { SettingsPatch } from '../../src/sandbox/settings.ts';
import { createLivestreamMutations } from '../../src/data/livestreamMutations.ts';
import { parseLivestream } from '../../src/realtimekit/parse.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import { controlOf, createOperation, eventually, failureOf, sandboxed } from '../support/upstream.ts';

const START = '/meetings/{meeting_id}/livestreams';
const STOP = '/meetings/{meeting_id}/active-livestream/stop';
const ACTIVE = '/meetings/{meeting_id}/active-livestream';

/** How the answer to a POST can be lost, other than by a hang. */
const LOSSES: Fault[] = [
  { kind: 'reset' },
  { kind: 'html' },
  { kind: 'html', status: 200 },
  { kind: 'status', status: 408 },
  { kind: 'status', status: 500 },
  { kind: 'status', status: 502 },
  { kind: 'status', status: 503, retryAfterSeconds: 60 },
  { kind: 'status', status: 504 },
  { kind: 'empty' },
  { kind: 'not-json' },
  { kind: 'huge' },
];
const OUTCOME_UNKNOWN: unknown = expect.objectContaining({ code: 'OUTCOME_UNKNOWN', field: null });
const CONFLICT: unknown = expect.objectContaining({ code: 'CONFLICT' });

async function controlled(settings: SettingsPatch = {}) {
  const upstream = await sandboxed(settings);
  const { control, activeOf } = controlOf(upstream.options);
  const input = (more: Partial<StartInput> = {}): StartInput => ({
    meetingId: upstream.samples.emptyMeetingId,
    name: 'Town hall',
    video: null,
    ...more,
  });
  /** Lets 10 s pass once the sandbox has a request that hangs. */
  async function passHang(): Promise<void> {
    await eventually(() => expect(upstream.seen()).toBe(1));
    upstream.clock.advance(10_000);
  }
  return { ...upstream, control, input, activeOf, passHang };
}

describe('a start', () => {
  test('gives the livestream that it started, and leaves for later what upstream did not tell', async () => {
    const { control, input, activeOf, sandbox, routes } = await controlled();
    const outcome = await control.start(input({ video: { width: 1280, height: 720 } }));
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
    expect(routes()).toEqual([`POST ${START}`, `GET ${ACTIVE}`]);
  });

  test('sends nothing that was not asked for', async () => {
    const { control, input, sandbox } = await controlled();
    const outcome = await control.start(input({ name: null }));
    expect(sandbox.requests().requests[0]?.body).toEqual({});
    expect(outcome).not.toHaveProperty('livestream.name');
  });

  test('in no meeting, and in one that is live, is told apart', async () => {
    const { control, input, samples, routes } = await controlled();
    const field = ['input', 'meetingId'];
    expect(await control.start(input({ meetingId: 'none' }))).toMatchObject({
      userError: { code: 'NOT_FOUND', field },
    });
    expect(await control.start(input({ meetingId: samples.liveMeetingId }))).toMatchObject({
      userError: { code: 'CONFLICT', field },
    });
    expect(routes()).toEqual([`POST ${START}`, `POST ${START}`]);
  });

  test("that upstream refuses for its input says so in upstream's words", async () => {
    const { control, input } = await controlled();
    expect(await control.start(input({ video: { width: 0, height: 720 } }))).toEqual({
      userError: {
        code: 'BAD_USER_INPUT',
        message: 'RealtimeKit refused the input: video_config.width must be a positive number',
        field: null,
      },
    });
  });

  test.each([
    [{ kind: 'status', status: 401 }, 'UNAUTHENTICATED'],
    [{ kind: 'status', status: 403 }, 'FORBIDDEN'],
    [{ kind: 'status', status: 429, retryAfterSeconds: 30 }, 'RATE_LIMITED'],
    [{ kind: 'redirect', status: 307 }, 'UPSTREAM_INVALID_RESPONSE'],
  ] as const)('that meets %j fails with %s, and is not looked for', async (fault, code) => {
    const { control, input, sandbox, routes } = await controlled();
    sandbox.fail([{ ...fault, route: START }]);
    expect((await failureOf(control.start(input()))).code).toBe(code);
    expect(routes()).toEqual([`POST ${START}`]);
  });
});

describe('a start whose answer is lost', () => {
  test.each([...LOSSES, { kind: 'truncated' } as const])(
    'by %j, but was carried out, is a success with the new livestream',
    async (loss) => {
      const { control, input, activeOf, sandbox, routes } = await controlled();
      sandbox.fail([{ ...loss, route: START, after: true }]);
      const outcome = await control.start(input());
      const active = await activeOf(input().meetingId);
      expect(active).not.toBeNull();
      expect(outcome).toEqual({ livestream: active });
      expect(routes()).toEqual([`POST ${START}`, `GET ${ACTIVE}`, `GET ${ACTIVE}`]);
    },
  );

  test.each(LOSSES)('by %j, and was not carried out, has an unknown outcome', async (loss) => {
    const { control, input, activeOf, sandbox, routes } = await controlled();
    sandbox.fail([{ ...loss, route: START }]);
    expect(await control.start(input())).toEqual({ userError: OUTCOME_UNKNOWN });
    expect(routes()).toEqual([`POST ${START}`, `GET ${ACTIVE}`]);
    expect(await activeOf(input().meetingId)).toBeNull();
  });

  test.each([true, false])('by a hang is settled after 10 s (carried out: %j)', async (carriedOut) => {
    const { control, input, activeOf, clock, sandbox, passHang, routes } = await controlled();
    sandbox.fail([{ kind: 'hang', route: START, after: carriedOut }]);
    const starting = control.start(input());
    await passHang();
    const outcome = await starting;
    const active = await activeOf(input().meetingId);
    expect(active !== null).toBe(carriedOut);
    expect(outcome).toEqual(carriedOut ? { livestream: active } : { userError: OUTCOME_UNKNOWN });
    expect(routes().filter((route) => route.startsWith('POST'))).toEqual([`POST ${START}`]);
    expect(clock.pending()).toBe(0);
  });

  test('does not take an older livestream for its own', async () => {
    for (const seconds of [0, 3600, -3600]) {
      const { control, input, clock, sandbox } = await controlled();
      sandbox.setClock({ advanceSeconds: seconds });
      // Of the same name, so that only its age tells.
      expect(await control.start(input())).toHaveProperty('livestream');
      clock.advance(5_000);
      sandbox.fail([{ kind: 'reset', route: START }]);
      expect(await control.start(input())).toEqual({ userError: OUTCOME_UNKNOWN });
    }
  });

  test("does not take for its own what another's start of another name made meanwhile", async () => {
    const { control, input, sandbox, seen, clock, options } = await controlled();
    const other = controlOf(options).control;
    sandbox.fail([{ kind: 'hang', route: START, times: 1 }]);
    const starting = control.start(input());
    await eventually(() => expect(seen()).toBe(1));
    expect(await other.start(input({ name: 'Another' }))).toHaveProperty('livestream');
    clock.advance(10_000);
    expect(await starting).toEqual({ userError: OUTCOME_UNKNOWN });
  });

  test.each([3600, -3600])("is found though upstream's clock is %i s ahead", async (seconds) => {
    for (const knowsSkew of [true, false]) {
      const { control, input, activeOf, sandbox } = await controlled();
      sandbox.setClock({ advanceSeconds: seconds });
      if (knowsSkew) await activeOf(input().meetingId);
      sandbox.fail([{ kind: 'reset', route: START, after: true }]);
      const outcome = await control.start(input());
      expect(outcome).toEqual({ livestream: await activeOf(input().meetingId) });
      expect(outcome).toHaveProperty('livestream.id');
    }
  });

  test('has an unknown outcome when reading back fails too', async () => {
    const { control, input, sandbox, routes } = await controlled();
    sandbox.fail([
      { kind: 'reset', route: START, after: true },
      { kind: 'status', status: 500, route: ACTIVE },
    ]);
    expect(await control.start(input())).toEqual({ userError: OUTCOME_UNKNOWN });
    expect(routes()).toEqual([`POST ${START}`, `GET ${ACTIVE}`]);
  });

  test('has an unknown outcome when upstream does not tell when the livestream was created', async () => {
    const { control, input, sandbox } = await controlled({ shapes: { timestamps: 'missing' } });
    sandbox.fail([{ kind: 'reset', route: START, after: true }]);
    expect(await control.start(input())).toEqual({ userError: OUTCOME_UNKNOWN });
  });

  test.each([{ nothing: 'null' }, { nothing: 'empty' }] as const)('knows nothing there as %j', async (shapes) => {
    const { control, input, sandbox } = await controlled({ shapes });
    sandbox.fail([{ kind: 'reset', route: START }]);
    expect(await control.start(input())).toEqual({ userError: OUTCOME_UNKNOWN });
  });
});

test.each([
  ['2026-01-15T12:00:00.000Z', true],
  ['2026-01-15T11:59:59.000Z', false],
  ['2026-01-15T12:00:00.600Z', false],
])(
  'a start sent at 12:00:00.7 whose answer is lost is settled by a livestream created at %s: %s',
  async (createdAt, isOurs) => {
    const clock = createFakeClock(Date.UTC(2026, 0, 15, 12, 0, 0, 700));
    const answered = { id: 'ours', status: 'INVOKED', created_at: createdAt };
    const control = createLivestreamMutations({
      clock,
      clockSkew: () => 0,
      effects: { now: () => ({ logical: 1, wallTime: 0 }), started: () => {}, stopped: () => {} },
      endpoints: {
        startLivestream: () => Promise.reject(new UpstreamError('unknown', 'UPSTREAM_TIMEOUT', 'Too late.')),
        stopLivestream: () => Promise.resolve(true),
        activeLivestream: () => Promise.resolve(parseLivestream(answered)),
      },
    });
    const outcome = await control.start(createOperation(clock), { meetingId: 'm', name: null, video: null });
    expect('livestream' in outcome).toBe(isOurs);
  },
);

describe('the name that was sent', () => {
  test('is the one told while upstream does not tell it yet', async () => {
    const { control, input, activeOf, sandbox } = await controlled({ nameDelayMs: 60_000 });
    expect(await control.start(input())).toMatchObject({ livestream: { name: 'Town hall' } });
    expect(await activeOf(input().meetingId)).toMatchObject({ name: 'Town hall' });
    expect(await control.stop(input().meetingId)).toEqual({ stopped: true });
    sandbox.fail([{ kind: 'reset', route: START, after: true }]);
    expect(await control.start(input())).toMatchObject({ livestream: { name: 'Town hall' } });
  });
});

describe('starts that arrive at once', () => {
  test('and are equal are one POST, with one outcome for all', async () => {
    const { control, input, sandbox, seen } = await controlled();
    const video = () => ({ width: 640, height: 360 });
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => control.start(input({ video: video() }))));
    expect(seen('POST')).toBe(1);
    expect(outcomes[0]).toHaveProperty('livestream.id');
    expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size).toBe(1);
    expect(sandbox.overview().counts.livestreams).toBe(321);
  });

  test('and are equal share an error as well, and the next one is sent anew', async () => {
    const { control, input, sandbox, seen } = await controlled();
    sandbox.fail([{ kind: 'status', status: 403, route: START, times: 1 }]);
    const failures = await Promise.all(Array.from({ length: 20 }, () => failureOf(control.start(input()))));
    expect(new Set(failures.map(({ code }) => code))).toEqual(new Set(['FORBIDDEN']));
    expect(seen()).toBe(1);
    expect(await control.start(input())).toHaveProperty('livestream');
    expect(seen()).toBe(2);
  });

  test('and whose one answer is lost are read back once', async () => {
    const { control, input, sandbox, routes } = await controlled();
    sandbox.fail([{ kind: 'reset', route: START, after: true }]);
    await Promise.all(Array.from({ length: 20 }, () => control.start(input())));
    expect(routes()).toEqual([`POST ${START}`, `GET ${ACTIVE}`]);
  });

  test.each([
    ['name', { name: 'Another' }],
    ['missing name', { name: null }],
    ['size', { video: { width: 640, height: 360 } }],
  ])('and differ in their %s are not one', async (_what, more) => {
    const { control, input, seen } = await controlled();
    const outcomes = await Promise.all([control.start(input()), control.start(input(more))]);
    expect(seen('POST')).toBe(2);
    expect(outcomes.filter((outcome) => 'livestream' in outcome)).toHaveLength(1);
    expect(outcomes).toContainEqual({ userError: CONFLICT });
  });

  test('and are for different meetings are not one', async () => {
    const { control, input, samples, seen } = await controlled();
    const outcomes = await Promise.all([
      control.start(input()),
      control.start(input({ meetingId: samples.idleMeetingId })),
    ]);
    expect(seen('POST')).toBe(2);
    for (const outcome of outcomes) expect(outcome).toHaveProperty('livestream');
  });
});

describe('a stop', () => {
  test('ends the livestream', async () => {
    const { control, activeOf, samples, routes } = await controlled();
    expect(await control.stop(samples.liveMeetingId)).toEqual({ stopped: true });
    expect(routes()).toEqual([`POST ${STOP}`]);
    expect(await activeOf(samples.liveMeetingId)).toBeNull();
  });

  test('of nothing says so', async () => {
    const { control, samples } = await controlled();
    for (const meetingId of ['none', samples.emptyMeetingId]) {
      expect(await control.stop(meetingId)).toMatchObject({
        userError: { code: 'NOT_FOUND', field: ['input', 'meetingId'] },
      });
    }
  });

  test('that upstream refuses is told, or fails', async () => {
    const { control, samples, sandbox, routes } = await controlled();
    sandbox.fail([
      { kind: 'status', status: 409, route: STOP, times: 1 },
      { kind: 'status', status: 403, route: STOP },
    ]);
    expect(await control.stop(samples.liveMeetingId)).toMatchObject({ userError: { code: 'CONFLICT' } });
    expect((await failureOf(control.stop(samples.liveMeetingId))).code).toBe('FORBIDDEN');
    expect(routes()).toEqual([`POST ${STOP}`, `POST ${STOP}`]);
  });

  /** An answer to a stop holds nothing but its success, so one that is too long or cut short is no less lost. */
  test.each([...LOSSES, { kind: 'truncated' } as const])(
    'whose answer is lost by %j, but was carried out, is a success',
    async (loss) => {
      const { control, samples, sandbox, routes } = await controlled();
      sandbox.fail([{ ...loss, route: STOP, after: true }]);
      expect(await control.stop(samples.liveMeetingId)).toEqual({ stopped: true });
      expect(routes()).toEqual([`POST ${STOP}`, `GET ${ACTIVE}`]);
    },
  );

  test.each(LOSSES)('lost by %j and not carried out has an unknown outcome', async (loss) => {
    const { control, activeOf, samples, sandbox, routes } = await controlled();
    sandbox.fail([{ ...loss, route: STOP }]);
    expect(await control.stop(samples.liveMeetingId)).toEqual({ userError: OUTCOME_UNKNOWN });
    expect(routes()).toEqual([`POST ${STOP}`, `GET ${ACTIVE}`]);
    expect(await activeOf(samples.liveMeetingId)).not.toBeNull();
  });

  test.each([true, false])('that hangs is settled after 10 s (carried out: %j)', async (carriedOut) => {
    const { control, clock, samples, sandbox, passHang, seen } = await controlled();
    sandbox.fail([{ kind: 'hang', route: STOP, after: carriedOut }]);
    const stopping = control.stop(samples.liveMeetingId);
    await passHang();
    expect(await stopping).toEqual(carriedOut ? { stopped: true } : { userError: OUTCOME_UNKNOWN });
    expect([seen('POST'), clock.pending()]).toEqual([1, 0]);
  });

  test('has an unknown outcome when reading back fails too', async () => {
    const { control, samples, sandbox } = await controlled();
    sandbox.fail([
      { kind: 'reset', route: STOP, after: true },
      { kind: 'status', status: 500, route: ACTIVE },
    ]);
    expect(await control.stop(samples.liveMeetingId)).toEqual({ userError: OUTCOME_UNKNOWN });
  });
});
