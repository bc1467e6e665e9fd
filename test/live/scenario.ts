import * as fc from 'fast-check';
import { expect } from 'vitest';

import type { LiveState, SubscriptionTarget } from '../../src/live/types.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import { nonNull } from '../support/gateway.ts';
import {
  APP_WIDE,
  livestreamTarget,
  type LiveWorld,
  type ActualLivestream,
  meetingTarget,
  stateText,
  type TestSubscriber,
  livestreamsIn,
} from './world.ts';

/** One step of a scenario. `pick` chooses among the meetings, livestreams or subscribers that exist. */
export type Action =
  | { do: 'subscribe'; kind: 'one' | 'meeting' | 'all'; pick: number; isSlow: boolean }
  | { do: 'unsubscribe' | 'catchUp' | 'rename' | 'fail' | 'read' | 'webhook'; pick: number }
  | { do: 'start' | 'stop'; pick: number; isThroughGateway: boolean }
  | { do: 'breakUpstream'; how: 'connect' | 'hang' | 'status' | 'html' | 'empty' | 'locked' }
  | { do: 'repairUpstream' }
  | { do: 'advance'; steps: number };

const pick = fc.nat(50);
const arbitraryAction: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('subscribe' as const),
      kind: fc.constantFrom('one', 'meeting', 'all'),
      pick,
      isSlow: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constantFrom('unsubscribe', 'catchUp', 'rename', 'fail', 'read', 'webhook'), pick }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('start', 'stop'), pick, isThroughGateway: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('breakUpstream' as const),
      how: fc.constantFrom('connect', 'hang', 'status', 'html', 'empty', 'locked'),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'repairUpstream' } as const) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('advance' as const), steps: fc.integer({ min: 1, max: 30 }) }) },
);

export const scenarios = fc.array(arbitraryAction, { minLength: 5, maxLength: 40 });

/** All delays in the sandbox are multiples of this one, so that sampling at each step sees every state. */
const STEP_MS = 500;
/** Long enough for caches and lockouts to expire and for every livestream to be polled after that. */
const RECOVERY_MS = 120_000;
/** Long enough for a started livestream to go live and get its playback URL. */
const SETTLING_MS = 20_000;
const FAULTS: Record<'status' | 'html' | 'empty' | 'locked', Fault> = {
  status: { kind: 'status' },
  html: { kind: 'html' },
  empty: { kind: 'empty' },
  locked: { kind: 'status', status: 429, retryAfterSeconds: 15 },
};

/** Every state that a livestream was in, in order, by its id. */
type History = Map<string, ActualLivestream[]>;

/**
 * Runs the actions and checks what each subscriber received: states that the livestream was in, in order, each once, and finally the
 * current one.
 */
export async function runScenario(actions: readonly Action[], world: LiveWorld): Promise<void> {
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown): number => unhandled.push(reason);
  process.on('unhandledRejection', onUnhandled);
  try {
    await runActions(actions, world);
  } finally {
    process.off('unhandledRejection', onUnhandled);
  }
  expect(unhandled).toEqual([]);
}

async function runActions(actions: readonly Action[], world: LiveWorld): Promise<void> {
  const { exampleIds, sandbox, subscriptions } = world;
  const meetingIds = [
    exampleIds.liveMeetingId,
    exampleIds.emptyMeetingId,
    exampleIds.invokedMeetingId,
    exampleIds.idleMeetingId,
  ];
  const history: History = new Map();
  const subscribers: TestSubscriber[] = [];
  let renames = 0;

  async function sample(): Promise<void> {
    for (const meetingId of meetingIds)
      for (const livestream of await world.actualLivestreamsOf(meetingId)) record(livestream);
  }

  function record(livestream: ActualLivestream): void {
    const past = history.get(livestream.id) ?? [];
    history.set(livestream.id, past);
    if (past.at(-1)?.text !== livestream.text) past.push(livestream);
  }

  /** The ids of the livestreams that the actions may affect: those of the four meetings. */
  const livestreamIds = (): string[] =>
    [...history.values()].flatMap(([first]) =>
      first?.meetingId != null && meetingIds.includes(first.meetingId) ? [first.id] : [],
    );

  function targetOf(kind: 'one' | 'meeting' | 'all', index: number): SubscriptionTarget {
    if (kind === 'all') return APP_WIDE;
    return kind === 'one'
      ? livestreamTarget(nonNull(pickFrom(livestreamIds(), index)))
      : meetingTarget(nonNull(pickFrom(meetingIds, index)));
  }

  async function act(action: Action): Promise<void> {
    switch (action.do) {
      case 'subscribe':
        // Not awaited: the next action may happen during the initial read.
        return void world.subscribe(targetOf(action.kind, action.pick), { isSlow: action.isSlow }).then(
          (subscriber) => subscribers.push(subscriber),
          () => {},
        );
      case 'unsubscribe':
        return pickFrom(subscribers, action.pick)?.unsubscribe();
      case 'catchUp':
        return pickFrom(subscribers, action.pick)?.catchUp();
      case 'rename':
        renames += 1;
        return sandbox.trigger({
          kind: 'livestream-renamed',
          livestreamId: nonNull(pickFrom(livestreamIds(), action.pick)),
          name: `${renames}`,
        });
      case 'fail': {
        const active = livestreamIds().filter((id) => history.get(id)?.at(-1)?.isActive);
        if (active.length === 0) return undefined;
        return sandbox.trigger({ kind: 'livestream-failed', livestreamId: nonNull(pickFrom(active, action.pick)) });
      }
      case 'read': {
        const { dataSource, account } = world;
        const operation = dataSource.operation(account, new AbortController().signal, () => {});
        const id = nonNull(pickFrom(livestreamIds(), action.pick));
        const read = async (): Promise<unknown> => dataSource.reads.livestream.get(operation, id);
        return void read().catch(() => {});
      }
      case 'webhook':
        return subscriptions.onWebhook({
          livestreamId: nonNull(pickFrom(livestreamIds(), action.pick)),
          meetingId: null,
        });
      case 'start':
      case 'stop': {
        const meetingId = nonNull(pickFrom(meetingIds, action.pick));
        if (!action.isThroughGateway) return void (await world[action.do](meetingId));
        const sent = action.do === 'start' ? world.startThroughGateway(meetingId) : world.stopThroughGateway(meetingId);
        return void sent.catch(() => {});
      }
      case 'breakUpstream':
        if (action.how === 'connect' || action.how === 'hang') return world.setOutage(action.how);
        return sandbox.setFaults([FAULTS[action.how]]);
      case 'repairUpstream':
        world.setOutage(null);
        return sandbox.setFaults([]);
      case 'advance':
        for (let step = 0; step < action.steps; step += 1) {
          await world.advance(STEP_MS);
          await sample();
        }
        return undefined;
      default:
        return action satisfies never;
    }
  }

  for (const livestream of await world.actualLivestreams()) record(livestream);
  // What upstream tells a gateway between two samples is a state that the livestream was in, too, if only for a moment.
  world.onResponse((body) => {
    for (const livestream of livestreamsIn(body)) record(livestream);
  });
  for (const action of actions) {
    await act(action);
    await world.advance(0);
    await sample();
  }
  world.setOutage(null);
  sandbox.setFaults([]);
  for (let passed = 0; passed < SETTLING_MS; passed += STEP_MS) {
    await world.advance(STEP_MS);
    await sample();
  }
  await world.advance(RECOVERY_MS);
  for (const subscriber of subscribers) subscriber.catchUp();
  await world.advance(0);
  await checkSubscribers(subscribers, history, world);
  await Promise.all(subscribers.map(async (subscriber) => subscriber.unsubscribe()));
  expect(subscriptions.size()).toBe(0);
  world.clearRequests();
  // Long enough for requests in flight to reach the sandbox: ending a subscription does not recall them.
  await world.advance(2 * STEP_MS + 1000);
  expect(world.requests()).toEqual([]);
  expect(world.clock.pending()).toBe(0);
}

async function checkSubscribers(subscribers: TestSubscriber[], history: History, world: LiveWorld): Promise<void> {
  for (const subscriber of subscribers) {
    for (const [id, states] of Map.groupBy(subscriber.states, (state) => state.livestream.id))
      checkOrder(states, history.get(id) ?? []);
    if (subscriber.hasEnded) continue;
    for (const past of history.values()) await checkFinalState(subscriber, past, world);
  }
}

/** The livestream was in each of the received states, in this order, and no state was received twice in a row. */
function checkOrder(states: LiveState[], past: ActualLivestream[]): void {
  let from = 0;
  for (const [index, state] of states.entries()) {
    const found = past.findIndex(({ text }, at) => at >= from && text === stateText(state));
    expect(found, `${stateText(state)} after ${past[from]?.text} in ${past.map(({ text }) => text).join()}`).not.toBe(
      -1,
    );
    from = found;
    const before = states[index - 1];
    const isSame =
      before !== undefined && stateText(before) === stateText(state) && before.sessionId === state.sessionId;
    expect(isSame, `${stateText(state)} twice`).toBe(false);
    expect(state.sessionId === null).toBe(past[found]?.isActive === false);
  }
}

/** The last received state of a livestream is its current one. */
async function checkFinalState(subscriber: TestSubscriber, past: ActualLivestream[], world: LiveWorld): Promise<void> {
  const current = past.at(-1);
  if (current === undefined) return;
  const { target } = subscriber;
  const { livestreamId, meetingId } = target;
  if (livestreamId !== null && livestreamId !== current.id) return;
  if (meetingId !== null && meetingId !== current.meetingId) return;
  const state = subscriber.lastStates().get(current.id);
  const mustKnow = livestreamId !== null || current.isActive;
  if (state === undefined)
    return expect(mustKnow, `${JSON.stringify(target)} does not know ${current.text}`).toBe(false);
  // A subscriber that did not subscribe to the livestream's id gets its end, and nothing after that.
  if (mustKnow) expect(stateText(state)).toBe(current.text);
  else expect(past.filter(({ isActive }) => !isActive).map(({ text }) => text)).toContain(stateText(state));
  if (state.sessionId !== undefined) expect(state.sessionId).toBe(await world.actualSessionId(current.id));
}

function pickFrom<T>(values: readonly T[], index: number): T | undefined {
  return values[index % values.length];
}
