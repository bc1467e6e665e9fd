import { eventually } from '../eventually.ts';
import { at } from '../gateway.ts';
import { type Action, CREDENTIALS, type Credential, READS } from './actions.ts';
import { checkOperation, type CompletedOperation, type KnownChange } from './check.ts';
import { buildQuery, buildStart, buildStop, pickFrom } from './documents.ts';
import type { Executor, OperationOutcome } from './executors.ts';
import type { ModelWorld } from './world.ts';

interface RunningOperation {
  query: string;
  caller: AbortController;
  isSettled: boolean;
}

/** The longest that an operation may take: each of its consecutive reads has a timeout of 25 s. */
const MAX_OPERATION_MS = 120_000;
/** After so long without disturbances, every lockout, rate-limit window and stale value has expired. */
const RECOVERY_MS = 130_000;

/** Runs a scenario, and throws as soon as a promise is broken. */
export async function runModel(actions: readonly Action[], world: ModelWorld, execute: Executor): Promise<void> {
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown): number => unhandled.push(reason);
  process.on('unhandledRejection', onUnhandled);
  try {
    await runActions(actions, world, execute);
    if (unhandled.length > 0)
      throw new Error('A promise was rejected without a handler: that ends the process.', { cause: unhandled[0] });
  } finally {
    process.off('unhandledRejection', onUnhandled);
  }
}

async function runActions(actions: readonly Action[], world: ModelWorld, execute: Executor): Promise<void> {
  const { clock, meetingIds, sandbox } = world;
  const operations: RunningOperation[] = [];
  const changes: KnownChange[] = [];
  const failures: unknown[] = [];
  let startCount = 0;

  function start(credential: Credential, query: string, intent: CompletedOperation['intent'] = null): void {
    const caller = new AbortController();
    const operation: RunningOperation = { query, caller, isSettled: false };
    operations.push(operation);
    const startedAt = { sequence: world.nextSequence(), at: clock.now() };
    const knownChanges = changes.filter((change) => change.credential === credential);

    function onResult(outcome: OperationOutcome): void {
      operation.isSettled = true;
      if (caller.signal.aborted) return;
      const endedAt = { sequence: world.nextSequence(), at: clock.now() };
      const change = checkOperation({ credential, query, startedAt, endedAt, knownChanges, intent, outcome }, world);
      if (change !== null) changes.push(change);
    }

    execute(credential, query, caller.signal)
      .then(onResult, (error: unknown) => {
        operation.isSettled = true;
        if (!caller.signal.aborted) throw error;
      })
      .catch((error: unknown) => {
        failures.push(error);
      });
  }

  async function perform(action: Action): Promise<void> {
    switch (action.do) {
      case 'read':
        return start(action.credential, buildQuery(action.read, action.pick, world));
      case 'burst':
        for (const read of READS.filter((name) => name !== 'livestreams'))
          start(action.credential, buildQuery(read, action.pick, world));
        return undefined;
      case 'start': {
        startCount += 1;
        const meetingId = pickFrom(meetingIds, action.pick);
        const query = buildStart(meetingId, `${action.credential}:start ${startCount}`);
        for (let sent = 0; sent < (action.isSentTwice ? 2 : 1); sent += 1)
          start(action.credential, query, { meetingId, to: 'started' });
        return undefined;
      }
      case 'stop': {
        const meetingId = pickFrom(meetingIds, action.pick);
        return start(action.credential, buildStop(meetingId, action.selectsLivestream), { meetingId, to: 'stopped' });
      }
      case 'wait':
        return clock.pass(action.durationMs);
      case 'abort': {
        const pending = operations.filter(({ isSettled }) => !isSettled);
        if (pending.length > 0) pickFrom(pending, action.pick).caller.abort(new Error('The caller disconnected.'));
        return undefined;
      }
      case 'fail':
        return world.injectFault(action);
      default:
        return action satisfies never;
    }
  }

  function verify(): void {
    if (failures.length > 0) throw failures[0];
    const { rejected, requests } = sandbox.requests();
    if (rejected > 0) throw new Error(`The rate limit was exceeded: the sandbox rejected ${rejected} requests.`);
    const names = requests
      .filter(({ route }) => route === '/meetings/{meeting_id}/livestreams')
      .map(({ body }) => at(body, 'name'));
    if (new Set(names).size < names.length) throw new Error(`A start was sent twice: ${names.join(', ')}`);
  }

  const findPending = (): RunningOperation | undefined => operations.find(({ isSettled }) => !isSettled);

  async function settleAll(): Promise<void> {
    for (let passedMs = 0; findPending() !== undefined; passedMs += 1000) {
      await waitForOtherWork();
      if (passedMs > MAX_OPERATION_MS) throw new Error(`An operation does not end: ${findPending()?.query}`);
      await clock.pass(1000);
      verify();
    }
  }

  /**
   * Waits in real time while operations are pending and no timer is set: time must not outrun work that the clock does not
   * drive, such as hashing in another thread.
   */
  async function waitForOtherWork(): Promise<void> {
    await eventually(() => {
      const pending = findPending();
      if (pending !== undefined && clock.pending() === 0)
        throw new Error(`An operation hangs, and waits for neither a timer nor a response: ${pending.query}`);
    });
  }

  // The first response states the rate limit, which differs from the documented one.
  for (const credential of CREDENTIALS) start(credential, buildQuery('meeting', 0, world));
  await settleAll();
  world.startDisturbances();
  for (const action of actions) {
    await perform(action);
    verify();
  }
  await settleAll();
  world.endDisturbances();
  await clock.pass(RECOVERY_MS);
  for (const credential of CREDENTIALS) {
    await compareWithSandbox(credential, world, async (query) => {
      const outcome = execute(credential, query, new AbortController().signal);
      await clock.pass(100);
      return outcome;
    });
  }
  verify();
}

/** Throws unless callers get the sandbox's actual state once all disturbances are over. */
async function compareWithSandbox(
  credential: Credential,
  world: ModelWorld,
  execute: (query: string) => Promise<OperationOutcome>,
): Promise<void> {
  for (const [index, meetingId] of world.meetingIds.entries()) {
    const livestreams = (await world.livestreamsOf(meetingId)).map(({ id, status, name }) => {
      return { id, status, name: name && `${credential}:${name}` };
    });
    const active = livestreams.find(({ status }) => status === 'LIVE' || status === 'INVOKED') ?? null;
    const listed = await execute(buildQuery('meetingList', index, world));
    const single = await execute(buildQuery('active', index, world));
    const nodes = at(listed.data, 'meeting', 'livestreams', 'nodes');
    const activeLivestream = at(single.data, 'meeting', 'activeLivestream');
    const expected = JSON.stringify({ list: livestreams, active });
    const received = JSON.stringify({
      list: Array.isArray(nodes) ? nodes.map(visibleFields) : nodes,
      active: activeLivestream && visibleFields(activeLivestream),
    });
    if (received !== expected) throw new Error(`${credential} receives ${received} instead of ${expected}.`);
  }
}

function visibleFields(livestream: unknown): unknown {
  return { id: at(livestream, 'id'), status: at(livestream, 'status'), name: at(livestream, 'name') };
}
