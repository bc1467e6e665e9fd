import { at } from '../gateway.ts';
import { type Action, OWNERS, type Owner, READS } from './actions.ts';
import type { Caller, Outcome } from './callers.ts';
import { check, type Change, type Ended } from './check.ts';
import { picked, queryOf, startOf, stopOf } from './documents.ts';
import type { World } from './world.ts';
import { eventually } from '../eventually.ts';

/** One operation, from its beginning on. */
interface Open {
  who: Owner;
  query: string;
  startedAt: { seq: number; at: number };
  caller: AbortController;
  settled: Promise<void>;
  isOver: boolean;
}

/** The longest that an operation may take, in milliseconds: its reads that follow each other have 25 s each. */
const LONGEST = 120_000;
/** Until every lock, window and stale answer is over. */
const RECOVERY = 130_000;

/** Plays a story, and throws as soon as something is as it must not be. */
export async function play(actions: readonly Action[], world: World, call: Caller): Promise<void> {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): number => unhandled.push(reason);
  process.on('unhandledRejection', note);
  try {
    await playAll(actions, world, call);
    if (unhandled.length > 0)
      throw new Error('A failure reached nobody: it would end the process.', { cause: unhandled[0] });
  } finally {
    process.off('unhandledRejection', note);
  }
}

async function playAll(actions: readonly Action[], world: World, call: Caller): Promise<void> {
  const { clock, meetingIds, sandbox } = world;
  const open: Open[] = [];
  const changes: Change[] = [];
  const failures: unknown[] = [];
  let starts = 0;

  function begin(who: Owner, query: string, changed: Ended['changed'] = null): void {
    const caller = new AbortController();
    const startedAt = { seq: world.next(), at: clock.now() };
    const known = changes.filter((change) => change.who === who);
    const settle = (outcome: Outcome | null): void => {
      operation.isOver = true;
      if (outcome === null || caller.signal.aborted) return;
      const change = check(
        { who, query, startedAt, endedAt: { seq: world.next(), at: clock.now() }, known, changed, outcome },
        world,
      );
      if (change !== null) changes.push(change);
    };
    const settled = call(who, query, caller.signal)
      .then(settle, (error: unknown) => {
        settle(null);
        if (!caller.signal.aborted) throw error;
      })
      .catch((error: unknown) => {
        failures.push(error);
      });
    const operation: Open = { who, query, startedAt, caller, settled, isOver: false };
    open.push(operation);
  }

  const deeds: { [Do in Action['do']]: (action: Extract<Action, { do: Do }>) => Promise<void> | void } = {
    read: ({ who, read, pick }) => begin(who, queryOf(read, pick, world)),
    burst({ who, pick }) {
      for (const read of READS.filter((one) => one !== 'livestreams')) begin(who, queryOf(read, pick, world));
    },
    start({ who, pick, isTwice }) {
      starts += 1;
      const meetingId = picked(meetingIds, pick);
      const query = startOf(meetingId, `${who}:start ${starts}`);
      begin(who, query, { meetingId, to: 'started' });
      if (isTwice) begin(who, query, { meetingId, to: 'started' });
    },
    stop({ who, pick, looksUp }) {
      const meetingId = picked(meetingIds, pick);
      begin(who, stopOf(meetingId, looksUp), { meetingId, to: 'stopped' });
    },
    pass: ({ milliseconds }) => clock.pass(milliseconds),
    leave({ pick }) {
      const staying = open.filter(({ isOver }) => !isOver);
      if (staying.length > 0) picked(staying, pick).caller.abort(new Error('The caller has left.'));
    },
    break: (action) => world.break(action),
  };

  async function act(action: Action): Promise<void> {
    switch (action.do) {
      case 'read':
        return deeds.read(action);
      case 'burst':
        return deeds.burst(action);
      case 'start':
        return deeds.start(action);
      case 'stop':
        return deeds.stop(action);
      case 'pass':
        return deeds.pass(action);
      case 'leave':
        return deeds.leave(action);
      case 'break':
        return deeds.break(action);
      default:
        return action satisfies never;
    }
  }

  function verify(): void {
    if (failures.length > 0) throw failures[0];
    const { rejected, requests } = sandbox.requests();
    if (rejected > 0) throw new Error(`The limit was passed: ${rejected} requests were refused.`);
    const names = requests
      .filter(({ route }) => route === '/meetings/{meeting_id}/livestreams')
      .map(({ body }) => at(body, 'name'));
    if (new Set(names).size < names.length) throw new Error(`A start was sent twice: ${names.join(', ')}`);
  }

  const findPending = (): Open | undefined => open.find(({ isOver }) => !isOver);

  async function endAll(): Promise<void> {
    for (let passed = 0; findPending() !== undefined; passed += 1000) {
      await waitForOtherWork();
      if (passed > LONGEST) throw new Error(`An operation does not end: ${findPending()?.query}`);
      await clock.pass(1000);
      verify();
    }
  }

  /**
   * Waits in real time while operations are pending and none of them has set a timer: time must not outrun work that the
   * clock does not drive, such as hashing in another thread.
   */
  async function waitForOtherWork(): Promise<void> {
    await eventually(() => {
      const pending = findPending();
      if (pending !== undefined && clock.pending() === 0)
        throw new Error(`An operation hangs: it waits for neither the clock nor the network: ${pending.query}`);
    });
  }

  // The first answer tells the limit, which is not the published one.
  for (const who of OWNERS) begin(who, queryOf('meeting', 0, world));
  await endAll();
  world.trouble();
  for (const action of actions) {
    await act(action);
    verify();
  }
  await endAll();
  world.mend();
  await clock.pass(RECOVERY);
  for (const who of OWNERS) {
    await compareWithTruth(who, world, async (query) => {
      const outcome = call(who, query, new AbortController().signal);
      await clock.pass(100);
      return outcome;
    });
  }
  verify();
}

/** With everything mended, what callers are told is what the sandbox holds. */
async function compareWithTruth(who: Owner, world: World, ask: (query: string) => Promise<Outcome>): Promise<void> {
  for (const [index, meetingId] of world.meetingIds.entries()) {
    const truth = (await world.livestreamsOf(meetingId)).map(({ id, status, name }) => {
      return { id, status, name: name && `${who}:${name}` };
    });
    const active = truth.find(({ status }) => status === 'LIVE' || status === 'INVOKED') ?? null;
    const expected = { list: truth, active };
    const list = at((await ask(queryOf('meetingList', index, world))).data, 'meeting', 'livestreams', 'nodes');
    const single = at((await ask(queryOf('active', index, world))).data, 'meeting', 'activeLivestream');
    const told = { list: Array.isArray(list) ? list.map(plain) : list, active: single && plain(single) };
    if (JSON.stringify(told) === JSON.stringify(expected)) continue;
    throw new Error(`${who} is told ${JSON.stringify(told)} where ${JSON.stringify(expected)} is true.`);
  }
}

function plain(livestream: unknown): unknown {
  return { id: at(livestream, 'id'), status: at(livestream, 'status'), name: at(livestream, 'name') };
}
