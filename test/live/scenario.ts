import * as fc from 'fast-check';
import { expect } from 'vitest';

import type { LiveState, SubscriptionTarget } from '../../src/live/types.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import { present } from '../support/gateway.ts';
import { EVERYTHING, livestream, type LiveWorld, type Look, meeting, textOf, type Viewer } from './world.ts';

/** Something that is done to the world, or by those who watch it; `pick` chooses among what there is. */
export type Deed =
  | { do: 'join'; kind: 'one' | 'meeting' | 'all'; pick: number; isSlow: boolean }
  | { do: 'leave' | 'hasten' | 'rename' | 'fail' | 'read' | 'webhook'; pick: number }
  | { do: 'start' | 'stop'; pick: number; isHere: boolean }
  | { do: 'break'; how: 'connect' | 'hang' | 'status' | 'html' | 'empty' | 'locked' }
  | { do: 'mend' }
  | { do: 'pass'; steps: number };

const pick = fc.nat(50);
const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('join' as const),
      kind: fc.constantFrom('one', 'meeting', 'all'),
      pick,
      isSlow: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constantFrom('leave', 'hasten', 'rename', 'fail', 'read', 'webhook'), pick }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('start', 'stop'), pick, isHere: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('break' as const),
      how: fc.constantFrom('connect', 'hang', 'status', 'html', 'empty', 'locked'),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'mend' } as const) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('pass' as const), steps: fc.integer({ min: 1, max: 30 }) }) },
);

export const stories = fc.array(deed, { minLength: 5, maxLength: 40 });

/** Milliseconds: whatever happens by time alone happens at a multiple of it. */
const STEP = 500;
/** Until what is kept and what is locked is over, and everything has been looked at since. */
const RECOVERY = 120_000;
/** How long what was begun takes to change by itself. */
const SETTLING = 20_000;
const FAULTS: Record<'status' | 'html' | 'empty' | 'locked', Fault> = {
  status: { kind: 'status' },
  html: { kind: 'html' },
  empty: { kind: 'empty' },
  locked: { kind: 'status', status: 429, retryAfterSeconds: 15 },
};

/** Every state that a livestream was in, in order. */
type History = Map<string, Look[]>;

/** Plays a story in a world, and checks what everybody was told. */
export async function play(deeds: readonly Deed[], world: LiveWorld): Promise<void> {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): number => unhandled.push(reason);
  process.on('unhandledRejection', note);
  try {
    await playAll(deeds, world);
  } finally {
    process.off('unhandledRejection', note);
  }
  expect(unhandled).toEqual([]);
}

async function playAll(deeds: readonly Deed[], world: LiveWorld): Promise<void> {
  const { samples, sandbox, watch } = world;
  const meetingIds = [samples.liveMeetingId, samples.emptyMeetingId, samples.invokedMeetingId, samples.idleMeetingId];
  const history: History = new Map();
  const viewers: Viewer[] = [];
  let names = 0;

  async function sample(): Promise<void> {
    for (const meetingId of meetingIds) for (const look of await world.truthOf(meetingId)) note(look);
  }

  function note(look: Look): void {
    const looks = history.get(look.id) ?? [];
    history.set(look.id, looks);
    if (looks.at(-1)?.text !== look.text) looks.push(look);
  }

  /** Those of our meetings, of which something may happen. */
  const ids = (): string[] =>
    [...history.values()].flatMap(([first]) =>
      first?.meetingId != null && meetingIds.includes(first.meetingId) ? [first.id] : [],
    );

  function targetOf(kind: 'one' | 'meeting' | 'all', index: number): SubscriptionTarget {
    if (kind === 'all') return EVERYTHING;
    return kind === 'one' ? livestream(present(picked(ids(), index))) : meeting(present(picked(meetingIds, index)));
  }

  async function act(action: Deed): Promise<void> {
    switch (action.do) {
      case 'join':
        // Nobody waits for it: what happens next may happen before it has been read.
        return void world.view(targetOf(action.kind, action.pick), { isSlow: action.isSlow }).then(
          (viewer) => viewers.push(viewer),
          () => {},
        );
      case 'leave':
        return picked(viewers, action.pick)?.leave();
      case 'hasten':
        return picked(viewers, action.pick)?.hasten();
      case 'rename':
        names += 1;
        return sandbox.happen({
          kind: 'livestream-renamed',
          livestreamId: present(picked(ids(), action.pick)),
          name: `${names}`,
        });
      case 'fail': {
        const active = ids().filter((id) => history.get(id)?.at(-1)?.isActive);
        if (active.length === 0) return undefined;
        return sandbox.happen({ kind: 'livestream-failed', livestreamId: present(picked(active, action.pick)) });
      }
      case 'read': {
        const operation = world.upstream.operation(world.account, new AbortController().signal, () => {});
        return void world.upstream.reads.livestream.get(operation, present(picked(ids(), action.pick))).catch(() => {});
      }
      case 'webhook':
        return watch.onWebhook({ livestreamId: present(picked(ids(), action.pick)), meetingId: null });
      case 'start':
      case 'stop': {
        const meetingId = present(picked(meetingIds, action.pick));
        if (!action.isHere) return void (await world[action.do](meetingId));
        const here = action.do === 'start' ? world.startHere(meetingId) : world.stopHere(meetingId);
        return void here.catch(() => {});
      }
      case 'break':
        if (action.how === 'connect' || action.how === 'hang') return world.break(action.how);
        return sandbox.fail([FAULTS[action.how]]);
      case 'mend':
        world.break(null);
        return sandbox.fail([]);
      case 'pass':
        for (let step = 0; step < action.steps; step += 1) {
          await world.pass(STEP);
          await sample();
        }
        return undefined;
      default:
        return action satisfies never;
    }
  }

  for (const look of await world.truth()) note(look);
  for (const action of deeds) {
    await act(action);
    await world.pass(0);
    await sample();
  }
  world.break(null);
  sandbox.fail([]);
  for (let passed = 0; passed < SETTLING; passed += STEP) {
    await world.pass(STEP);
    await sample();
  }
  await world.pass(RECOVERY);
  for (const viewer of viewers) viewer.hasten();
  await world.pass(0);
  await checkAll(viewers, history, world);
  await Promise.all(viewers.map(async (viewer) => viewer.leave()));
  expect(watch.size()).toBe(0);
  world.forget();
  // What is on its way there is not called back.
  await world.pass(2 * STEP + 1000);
  expect(world.sent()).toEqual([]);
  expect(world.clock.pending()).toBe(0);
}

async function checkAll(viewers: Viewer[], history: History, world: LiveWorld): Promise<void> {
  for (const viewer of viewers) {
    for (const [id, states] of Map.groupBy(viewer.states, (state) => state.livestream.id))
      checkOrder(states, history.get(id) ?? []);
    if (viewer.isOver) continue;
    for (const looks of history.values()) await checkEnd(viewer, looks, world);
  }
}

/** The world was in each of these states, one after the other, and none is told twice. */
function checkOrder(states: LiveState[], looks: Look[]): void {
  let from = 0;
  for (const [index, state] of states.entries()) {
    const found = looks.findIndex(({ text }, at) => at >= from && text === textOf(state));
    expect(found, `${textOf(state)} after ${looks[from]?.text} in ${looks.map(({ text }) => text).join()}`).not.toBe(
      -1,
    );
    from = found;
    const before = states[index - 1];
    const isSame = before !== undefined && textOf(before) === textOf(state) && before.sessionId === state.sessionId;
    expect(isSame, `${textOf(state)} twice`).toBe(false);
    expect(state.sessionId === null).toBe(looks[found]?.isActive === false);
  }
}

/** The last that a reader was told is so. */
async function checkEnd(viewer: Viewer, looks: Look[], world: LiveWorld): Promise<void> {
  const truth = looks.at(-1);
  if (truth === undefined) return;
  const { target } = viewer;
  const { livestreamId, meetingId } = target;
  if (livestreamId !== null && livestreamId !== truth.id) return;
  if (meetingId !== null && meetingId !== truth.meetingId) return;
  const state = viewer.last().get(truth.id);
  const isToKnow = livestreamId !== null || truth.isActive;
  if (state === undefined) return expect(isToKnow, `${JSON.stringify(target)} does not know ${truth.text}`).toBe(false);
  // Whoever did not ask for it by name is told that it ended, and nothing of it after that.
  if (isToKnow) expect(textOf(state)).toBe(truth.text);
  else expect(looks.filter(({ isActive }) => !isActive).map(({ text }) => text)).toContain(textOf(state));
  if (state.sessionId !== undefined) expect(state.sessionId).toBe(await world.sessionOf(truth.id));
}

function picked<T>(values: readonly T[], index: number): T | undefined {
  return values[index % values.length];
}
