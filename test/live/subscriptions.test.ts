import { describe, expect, test } from 'vitest';

import type { LiveState } from '../../src/live/types.ts';
import type { Shapes } from '../../src/sandbox/settings.ts';
import { createLiveWorld, EVERYTHING, livestream, meeting, textOf, type Viewer } from './world.ts';

const statusesOf = (states: LiveState[]): string[] => states.map((state) => state.livestream.status);

describe('what readers are told', () => {
  test('a stream that is started here is told at once, and then step by step, each step once', async () => {
    const world = await createLiveWorld({ settings: { goLiveAfterMs: 3000, playbackUrlDelayMs: 7000 } });
    const meetingId = world.samples.emptyMeetingId;
    const viewers = await Promise.all([world.view(meeting(meetingId)), world.view(EVERYTHING)]);
    await world.startHere(meetingId);
    await world.pass(0);
    const [viewer] = viewers;
    expect(viewer?.states).toHaveLength(1);
    await world.pass(20_000);
    await world.stopHere(meetingId);
    await world.pass(0);
    for (const { states } of viewers) {
      const own = states.filter((state) => state.livestream.meetingId === meetingId);
      expect(own.map(({ livestream: { status, playbackUrl } }) => [status, playbackUrl !== null])).toEqual([
        ['INVOKED', false],
        ['LIVE', false],
        ['LIVE', true],
        ['IDLE', true],
      ]);
      expect(own.at(-1)?.sessionId).toBeNull();
    }
  });

  test('what is changed past the gateway is told within 20 s: a start, a name, a failure, a stop that makes room', async () => {
    const world = await createLiveWorld();
    const { emptyMeetingId } = world.samples;
    const viewer = await world.view(meeting(emptyMeetingId));
    const first = await world.start(emptyMeetingId);
    await world.pass(20_000);
    expect(viewer.last().get(first)?.livestream.status).toBe('LIVE');
    world.sandbox.happen({ kind: 'livestream-renamed', livestreamId: first, name: 'Another' });
    await world.pass(20_000);
    expect(viewer.last().get(first)?.livestream.name).toBe('Another');
    await world.stop(emptyMeetingId);
    const second = await world.start(emptyMeetingId);
    await world.pass(12_000);
    expect(viewer.last().get(first)?.livestream.status).toBe('IDLE');
    expect(viewer.last().get(second)?.livestream.status).toBe('LIVE');
    world.sandbox.happen({ kind: 'livestream-failed', livestreamId: second });
    await world.pass(20_000);
    expect(viewer.last().get(second)).toMatchObject({ livestream: { status: 'ERRORED' }, sessionId: null });
  });

  test.each([true, false])('who watches all is told what becomes of each (by lists: %s)', async (bulkReads) => {
    const world = await createLiveWorld({ caching: { bulkReads } });
    const { liveMeetingId, liveLivestreamId } = world.samples;
    const viewer = await world.view(EVERYTHING);
    await world.pass(0);
    expect(viewer.last().get(liveLivestreamId)?.livestream.status).toBe('LIVE');
    await world.stop(liveMeetingId);
    await world.pass(20_000);
    expect(viewer.last().get(liveLivestreamId)?.livestream.status).toBe('IDLE');
    expect(statusesOf(viewer.states).filter((status) => status === 'IDLE')).toHaveLength(1);
  });

  test('who watches all is not told of past livestreams that somebody else asks for', async () => {
    const world = await createLiveWorld();
    const { idleLivestreamId } = world.samples;
    const all = await world.view(EVERYTHING);
    const one = await world.view(livestream(idleLivestreamId));
    world.sandbox.happen({ kind: 'livestream-renamed', livestreamId: idleLivestreamId, name: 'Looked back at' });
    await world.pass(40_000);
    expect(one.last().get(idleLivestreamId)?.livestream.name).toBe('Looked back at');
    expect(one.states).toHaveLength(2);
    expect(all.last().has(idleLivestreamId)).toBe(false);
  });

  test('a new name of one that has ended is told even where the lists tell of all that run', async () => {
    const world = await createLiveWorld();
    const past = (await world.truth()).filter(({ isActive }) => !isActive).slice(0, 5);
    const viewers = await Promise.all(past.map(async ({ id }) => world.view(livestream(id))));
    for (const { id } of past)
      world.sandbox.happen({ kind: 'livestream-renamed', livestreamId: id, name: `New ${id}` });
    await world.pass(40_000);
    for (const { target, states } of viewers) expect(states.at(-1)?.livestream.name).toBe(`New ${target.livestreamId}`);
  });

  test('what anybody’s query reads is told', async () => {
    const world = await createLiveWorld();
    const { liveLivestreamId } = world.samples;
    const viewer = await world.view(livestream(liveLivestreamId));
    world.sandbox.happen({ kind: 'livestream-renamed', livestreamId: liveLivestreamId, name: 'Seen' });
    await world.pass(2500);
    expect(viewer.states).toHaveLength(1);
    await world.upstream.reads.livestream.get(
      world.upstream.operation(world.account, new AbortController().signal, () => {}),
      liveLivestreamId,
      world.upstream.reads.now(),
    );
    await world.pass(0);
    expect(viewer.states.at(-1)?.livestream.name).toBe('Seen');
    expect(viewer.states).toHaveLength(2);
  });

  test('what has ended has no session any more for whoever asks, though its session was read a moment before', async () => {
    const world = await createLiveWorld();
    const { liveLivestreamId } = world.samples;
    const { reads } = world.upstream;
    const operation = world.upstream.operation(world.account, new AbortController().signal, () => {});
    const viewer = await world.view(livestream(liveLivestreamId));
    expect(await reads.activeSession.get(operation, liveLivestreamId)).not.toBeNull();
    world.sandbox.happen({ kind: 'livestream-failed', livestreamId: liveLivestreamId });
    await reads.livestream.get(operation, liveLivestreamId, reads.now());
    await world.pass(0);
    expect(statusesOf(viewer.states)).toEqual(['LIVE', 'ERRORED']);
    expect(await reads.activeSession.get(operation, liveLivestreamId)).toBeNull();
  });

  test('a session that is slow to be told holds back nothing else for longer than 2 s', async () => {
    const world = await createLiveWorld();
    const { liveLivestreamId, liveMeetingId } = world.samples;
    const viewer = await world.view(livestream(liveLivestreamId));
    await world.pass(12_000);
    world.sandbox.happen({ kind: 'livestream-renamed', livestreamId: liveLivestreamId, name: 'Renamed' });
    world.hangSessions(true);
    world.watch.onWebhook({ livestreamId: liveLivestreamId, meetingId: liveMeetingId });
    await world.pass(2000);
    expect(viewer.states.at(-1)?.livestream.name).toBe('Renamed');
  });

  test('two gateways tell each other’s changes, and accounts hear of nobody else’s', async () => {
    const world = await createLiveWorld();
    const other = world.gateway();
    const far = await world.view(EVERYTHING, { from: other.watch, by: await other.upstream.account('other') });
    const near = await world.view(EVERYTHING, { by: await world.accountOf('second') });
    await world.startHere(world.samples.emptyMeetingId);
    await world.pass(0);
    const before = [far, near].map(({ states }) => states.length);
    await world.pass(20_000);
    expect([far, near].map(({ states }) => states.length > 0)).toEqual([true, true]);
    expect([far, near].map(({ states }, index) => states.length - (before[index] ?? 0) > 0)).toEqual([true, true]);
  });

  test('an unknown livestream, and one of another meeting, are refused', async () => {
    const world = await createLiveWorld();
    await expect(world.view(livestream('nothing'))).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    const elsewhere = { livestreamId: world.samples.liveLivestreamId, meetingId: world.samples.emptyMeetingId };
    await expect(world.view(elsewhere)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(world.watch.size()).toBe(0);
    expect(world.clock.pending()).toBe(0);
  });
});

describe('odd upstreams', () => {
  test.each<Partial<Shapes>>([
    { list: 'object' },
    { list: 'nested', firstPage: 0 },
    { paging: 'missing' },
    { maxPerPage: 7 },
    { envelope: 'result', errors: 'errors' },
    { nothing: 'null' },
    { nothing: 'empty', livestreamById: 'flat' },
    { timestamps: 'missing', numbers: 'string', disabled: 'word' },
  ])('everybody ends with what is so, whatever form it comes in: %o', async (shapes) => {
    const world = await createLiveWorld({ settings: { shapes, playbackUrlDelayMs: 5000 } });
    const { liveLivestreamId, liveMeetingId, emptyMeetingId } = world.samples;
    const viewers = [
      await world.view(livestream(liveLivestreamId)),
      await world.view(meeting(liveMeetingId)),
      await world.view(meeting(emptyMeetingId)),
    ];
    const all = await world.view(EVERYTHING);
    await world.startHere(emptyMeetingId);
    await world.pass(15_000);
    world.sandbox.happen({ kind: 'livestream-renamed', livestreamId: liveLivestreamId, name: 'Renamed' });
    await world.pass(20_000);
    const [first, second, third] = viewers.map(({ states }) => states.at(-1)?.livestream);
    expect([first?.name, second?.name, third?.status]).toEqual(['Renamed', 'Renamed', 'LIVE']);
    await world.stop(liveMeetingId);
    await world.stop(emptyMeetingId);
    await world.pass(20_000);
    for (const viewer of viewers)
      expect(viewer.states.at(-1)).toMatchObject({ livestream: { status: 'IDLE' }, sessionId: null });
    const ended = [...all.last().values()].filter((state) => state.livestream.status === 'IDLE');
    const meetingIds = ended.map((state) => state.livestream.meetingId);
    expect(new Set(meetingIds)).toEqual(new Set([liveMeetingId, emptyMeetingId]));
    expect(meetingIds).toHaveLength(2);
  });

  test('the budget is never passed, however small it is, and what is left of it is enough to end right', async () => {
    const world = await createLiveWorld({
      caching: { bulkReads: false },
      settings: { quota: { limit: 40, windowSeconds: 60, lockSeconds: 60, enforced: true } },
    });
    const running = (await world.truth()).filter(({ isActive }) => isActive).slice(0, 30);
    const viewers: Viewer[] = [];
    for (const { id } of running) {
      const viewer = await world.view(livestream(id)).catch(() => null);
      if (viewer !== null) viewers.push(viewer);
    }
    expect(viewers.length).toBeGreaterThan(20);
    for (const { meetingId } of running) if (meetingId !== null) await world.stop(meetingId);
    for (let minute = 0; minute < 6; minute += 1) await world.pass(60_000);
    expect(world.sandbox.requests().refused).toBe(0);
    const truth = new Map((await world.truth()).map((look) => [look.id, look.text]));
    for (const { target, states } of viewers) {
      const last = states.at(-1);
      expect(last && textOf(last)).toBe(truth.get(target.livestreamId ?? ''));
    }
  });

  test('an upstream that takes a second is no reason to tell later than within 20 s', async () => {
    const world = await createLiveWorld({ latency: () => [500, 500] });
    const opening = world.view(EVERYTHING);
    await world.pass(5000);
    const viewer = await opening;
    const running = (await world.truth())
      .filter(({ isActive, meetingId }) => isActive && meetingId !== null)
      .slice(0, 3);
    await world.pass(10_000);
    for (const { meetingId } of running) if (meetingId !== null) await world.stop(meetingId);
    const started = await world.start(world.samples.emptyMeetingId);
    await world.pass(18_000);
    for (const { id } of running) expect(viewer.last().get(id)?.livestream.status).toBe('IDLE');
    expect(viewer.last().get(started)?.livestream.status).toBe('LIVE');
  });

  test('a list that fails keeps nobody from being looked at', async () => {
    const world = await createLiveWorld();
    const running = (await world.truth()).filter(({ isActive }) => isActive).slice(0, 5);
    const viewers = await Promise.all(running.map(async ({ id }) => world.view(livestream(id))));
    world.sandbox.fail([{ kind: 'status', route: '/livestreams' }]);
    for (const { meetingId } of running) if (meetingId !== null) await world.stop(meetingId);
    await world.pass(20_000);
    expect(viewers.map(({ states }) => states.at(-1)?.livestream.status)).toEqual(running.map(() => 'IDLE'));
  });
});

describe('what watching costs', () => {
  test.each([1, 100, 10_000])('%i who watch one livestream cost seven requests a minute at most', async (count) => {
    const world = await createLiveWorld({ limits: { perCaller: count } });
    const viewers = await Promise.all(
      Array.from({ length: count }, async () => world.view(livestream(world.samples.liveLivestreamId))),
    );
    await world.pass(0);
    world.forget();
    await world.pass(60_000);
    expect(world.sent().length).toBeGreaterThan(4);
    expect(world.sent().length).toBeLessThanOrEqual(7);
    await world.stop(world.samples.liveMeetingId);
    await world.pass(12_000);
    expect(new Set(viewers.map(({ states }) => statusesOf(states).join()))).toEqual(new Set(['LIVE,IDLE']));
  });

  test('what is about to appear is looked for every 2 s, but for 2 minutes only', async () => {
    const world = await createLiveWorld();
    await world.view(livestream(world.samples.invokedLivestreamId));
    world.forget();
    await world.pass(60_000);
    expect(world.sent().length).toBeGreaterThanOrEqual(29);
    expect(world.sent().length).toBeLessThanOrEqual(31);
    await world.pass(62_000);
    world.forget();
    await world.pass(60_000);
    expect(world.sent().length).toBeLessThanOrEqual(7);
  });

  test('while webhooks come it is looked at once a minute, and sooner where one could not be read back', async () => {
    const world = await createLiveWorld();
    const { liveLivestreamId, liveMeetingId } = world.samples;
    const viewer = await world.view(livestream(liveLivestreamId));
    const event = { livestreamId: liveLivestreamId, meetingId: liveMeetingId };
    world.watch.onWebhook(event);
    await world.pass(12_000);
    world.forget();
    await world.pass(120_000);
    expect(world.sent().length).toBeLessThanOrEqual(3);
    await world.stop(liveMeetingId);
    world.break('connect');
    world.watch.onWebhook(event);
    await world.pass(1000);
    world.break(null);
    await world.pass(15_000);
    expect(statusesOf(viewer.states)).toEqual(['LIVE', 'IDLE']);
  });

  test('webhooks that stop coming are noticed at the first change that they do not tell', async () => {
    const world = await createLiveWorld();
    const { liveLivestreamId, liveMeetingId, invokedLivestreamId } = world.samples;
    const viewer = await world.view(livestream(liveLivestreamId));
    world.watch.onWebhook({ livestreamId: invokedLivestreamId, meetingId: null });
    await world.pass(12_000);
    await world.stop(liveMeetingId);
    await world.pass(61_000);
    expect(statusesOf(viewer.states)).toEqual(['LIVE', 'IDLE']);
    world.forget();
    await world.pass(60_000);
    expect(world.sent().length).toBeGreaterThan(4);
  });

  test('a budget that shrinks fast, yet is not short, is no reason to tell later than within 20 s', async () => {
    const world = await createLiveWorld({ settings: { quota: { limit: 100, windowSeconds: 300, enforced: true } } });
    const { liveLivestreamId, liveMeetingId } = world.samples;
    const viewer = await world.view(livestream(liveLivestreamId));
    await Promise.all(
      Array.from({ length: 50 }, async (_, index) => world.view(livestream(`none-${index}`)).catch(() => null)),
    );
    await world.pass(16_000);
    await world.stop(liveMeetingId);
    await world.pass(19_000);
    expect(statusesOf(viewer.states)).toEqual(['LIVE', 'IDLE']);
  });

  test('a webhook about what nobody watches costs nothing', async () => {
    const world = await createLiveWorld();
    await world.view(livestream(world.samples.liveLivestreamId));
    await world.pass(0);
    world.forget();
    world.watch.onWebhook({ livestreamId: world.samples.idleLivestreamId, meetingId: world.samples.idleMeetingId });
    await world.startHere(world.samples.emptyMeetingId);
    await world.pass(0);
    expect(world.sent()).toHaveLength(1);
  });

  test('what a reader who has left watched is looked at no more, while others go on', async () => {
    const world = await createLiveWorld();
    const { invokedLivestreamId, liveLivestreamId } = world.samples;
    await world.view(livestream(liveLivestreamId));
    const other = await world.view(livestream(invokedLivestreamId));
    await other.leave();
    world.forget();
    await world.pass(60_000);
    expect(world.sent().length).toBeLessThanOrEqual(7);
    expect(world.sent().filter((request) => request.includes(invokedLivestreamId))).toEqual([]);
  });

  test('the last who leaves ends all looking at once', async () => {
    const world = await createLiveWorld();
    const viewers = await Promise.all([world.view(EVERYTHING), world.view(meeting(world.samples.invokedMeetingId))]);
    await world.pass(5000);
    for (const viewer of viewers) await viewer.leave();
    world.forget();
    expect(world.clock.pending()).toBe(0);
    await world.pass(60_000);
    expect(world.sent()).toEqual([]);
    expect(world.watch.size()).toBe(0);
  });

  test('more than an operation may send are all looked at where no list tells them', async () => {
    const world = await createLiveWorld({
      caching: { bulkReads: false, maxRequestsPerOperation: 100 },
      settings: { quota: { limit: 100_000 } },
    });
    const ids = (await world.truth()).map(({ id }) => id);
    const viewers = await Promise.all(ids.map(async (id) => world.view(livestream(id))));
    for (const id of ids) world.sandbox.happen({ kind: 'livestream-renamed', livestreamId: id, name: `New ${id}` });
    await world.pass(20_000);
    for (const { target, states } of viewers) expect(states.at(-1)?.livestream.name).toBe(`New ${target.livestreamId}`);
  });
});

describe('who leaves, and when', () => {
  test('limits count whoever watches, and forget whoever left, however that was', async () => {
    const world = await createLiveWorld({ limits: { perCaller: 2, total: 3 } });
    const target = livestream(world.samples.liveLivestreamId);
    const viewers = [await world.view(target), await world.view(target)];
    await expect(world.view(target)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    const third = await world.view(target, { caller: 'another' });
    await expect(world.view(target, { caller: 'third' })).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    for (const viewer of [...viewers, third]) {
      await viewer.leave();
      await viewer.leave();
    }
    expect(world.watch.size()).toBe(0);
    world.sandbox.fail([{ kind: 'status', status: 403 }]);
    await expect(world.view(livestream('unheard-of'))).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(world.watch.size()).toBe(0);
  });

  test('a token that is refused ends all who watch with it, and nothing is asked any more', async () => {
    const world = await createLiveWorld();
    const viewers = [await world.view(EVERYTHING), await world.view(livestream(world.samples.liveLivestreamId))];
    world.sandbox.fail([{ kind: 'status', status: 401 }]);
    await world.pass(12_000);
    for (const viewer of viewers) expect(viewer).toMatchObject({ isOver: true, failure: { code: 'UNAUTHENTICATED' } });
    expect(world.watch.size()).toBe(0);
    world.forget();
    await world.pass(60_000);
    expect(world.sent()).toEqual([]);
  });

  test('a gateway that ends tells all who watch, and all who are just coming', async () => {
    const world = await createLiveWorld({ latency: () => [500, 500] });
    const target = livestream(world.samples.liveLivestreamId);
    const coming = world.view(target);
    await world.pass(0);
    world.watch.closeAll();
    await world.pass(5000);
    for (const viewer of [await coming, await world.view(target)]) {
      await world.pass(0);
      expect(viewer).toMatchObject({ isOver: true, failure: { name: 'AbortError' } });
    }
    expect(world.watch.size()).toBe(0);
    expect(world.clock.pending()).toBe(0);
  });

  test('a slow reader gets the latest of each, once', async () => {
    const world = await createLiveWorld();
    const { liveLivestreamId } = world.samples;
    const slow = await world.view(livestream(liveLivestreamId), { isSlow: true });
    for (let turn = 1; turn <= 5; turn += 1) {
      world.sandbox.happen({ kind: 'livestream-renamed', livestreamId: liveLivestreamId, name: `Name ${turn}` });
      await world.pass(12_000);
    }
    slow.hasten();
    await world.pass(0);
    expect(slow.states.map((state) => state.livestream.name)).toEqual(['Name 5']);
  });
});
