import type { HybridTimestamp } from '../cluster/hybridClock.ts';
import { hasEnded, isActive, isSameVisibleState, isStarting } from '../domain/livestreamState.ts';
import type { Livestream } from '../domain/models.ts';
import type { Clock } from '../lib/clock.ts';
import { withTimeout } from '../lib/timeout.ts';
import type { LiveReader } from './liveReader.ts';
import { relate } from './settleRule.ts';
import type { PublishedState, Subscriber } from './types.ts';

/** What the watched livestreams of an account share. */
export interface WatchContext {
  reader: Pick<LiveReader, 'current' | 'latest' | 'latestSession' | 'livestream' | 'session' | 'endSession'>;
  clock: Clock;
  index: {
    /** The subscribers whose target covers this livestream. */
    subscribersOf: (livestream: Livestream) => Subscriber[];
    /** Whether the next change of this livestream concerns a subscriber. */
    isOfConcern: (livestream: Livestream) => boolean;
    /** Called when a livestream was published that was not, or the other way round. */
    update: (watched: WatchedLivestream) => void;
  };
  /** Called after a changed state was published; `previous` is undefined if none was published before. */
  onPublished: (watched: WatchedLivestream, livestream: Livestream, previous: Livestream | undefined) => void;
}

/** How long the publication of a change waits for the session that belongs to it. */
const SESSION_TIMEOUT_MS = 2000;

/**
 * One livestream that may concern subscribers. It puts the states that were read in order, adds the running session, and delivers only
 * what changed. States come in from upstream responses to any caller, in any order; the livestream reads itself again only where a
 * state is incomplete or contradicts another one.
 */
export class WatchedLivestream {
  readonly id: string;
  /** When the last webhook about this livestream arrived, in milliseconds since the Unix epoch. */
  webhookAt = -Infinity;
  readonly #context: WatchContext;
  #published: PublishedState | null = null;
  /** The logical time at which the last published state arrived. */
  #arrivedAt = 0;
  /** The logical time of the newest state that came in. */
  #heardAt = 0;
  #startingSince: number | null = null;
  /** Whether a subscriber could not read the session of the published state. */
  #needsResend = false;
  /** Settles when all tasks so far are done. They run one after another. */
  #tasks = Promise.resolve();

  constructor(id: string, context: WatchContext) {
    this.id = id;
    this.#context = context;
  }

  /** The last published state; null if the next change concerns no subscriber. */
  get published(): PublishedState | null {
    return this.#published;
  }

  /** Whether the livestream has been waiting for its first frame, or after that for its playback URL, for less than `timeoutMs`. */
  isStarting(timeoutMs: number): boolean {
    return this.#startingSince !== null && this.#context.clock.now() - this.#startingSince < timeoutMs;
  }

  /** Handles the livestream as it was at `timestamp`. */
  onLivestream(livestream: Livestream, timestamp: HybridTimestamp): void {
    this.#heardAt = Math.max(this.#heardAt, timestamp.logical);
    const newest = this.#context.reader.latest(this.id);
    // The response arrived after a newer one.
    if (newest !== undefined && newest !== livestream) return;
    const relation = this.#relate(livestream, timestamp);
    if (relation === 'unchanged' && this.#published !== null)
      this.#record({ ...this.#published, livestream, timestamp });
    else if (relation === 'new') this.#publish(livestream, timestamp);
    else if (relation !== 'outdated') this.#enqueue(async () => this.#settle(livestream, timestamp));
  }

  /** Handles the id of the session that was running at `timestamp`; null if no session was running. */
  onSession(sessionId: string | null, timestamp: HybridTimestamp): void {
    const last = this.#published;
    if (last === null || last.timestamp.logical > timestamp.logical || last.sessionId === sessionId) return;
    if (sessionId === null && isActive(last.livestream)) this.#enqueue(async () => this.#confirmNoSession());
    else this.#publish(this.#context.reader.latest(this.id) ?? last.livestream, timestamp, sessionId);
  }

  /** Delivers the current state to a new subscriber, who has read `livestream`. */
  sendInitialState({ target, queue }: Subscriber, livestream: Livestream): void {
    const latest = this.#context.reader.latest(this.id);
    // The state may come from the cache, so that any state read from upstream must be able to replace it. It reaches all
    // subscribers, so it must not be older than what they have received, as the state in a cached list can be.
    if (this.#published === null)
      this.#publish(latest ?? livestream, { logical: 0, wallTime: this.#context.clock.now() });
    // All subscribers receive the states in the same order: what is newer than the published state is about to be published.
    const current = latest ?? livestream;
    const state = this.#published ?? { livestream: current, sessionId: this.#knownSessionId(current) };
    if (isActive(state.livestream) || target.livestreamId !== null) queue.push(this.id, state);
  }

  /** Reads the current state, and the running session where the last state had one: mostly one request for both. */
  async poll(reader: Pick<LiveReader, 'current' | 'livestream' | 'session'>): Promise<void> {
    const last = this.#published;
    const isLive = last !== null && (last.sessionId || last.livestream.status === 'LIVE');
    if (!isLive) return void (await reader.livestream(this.id));
    const since = reader.current();
    const session = await reader.session(this.id, since);
    const hasLivestream = session !== null && this.#heardAt > since.logical;
    if (!hasLivestream) await reader.livestream(this.id, since);
  }

  /** Makes the next `resend` deliver the state again: a subscriber could not read its session. */
  requestResend(): void {
    this.#needsResend = this.#published !== null;
  }

  /** Does what `requestResend` has asked for, once the session can be read. Rejects if it cannot. */
  async resend(): Promise<void> {
    if (!this.#needsResend) return;
    const { index, reader } = this.#context;
    await reader.session(this.id, reader.current());
    this.#needsResend = false;
    const state = this.#published;
    if (state !== null) for (const { queue } of index.subscribersOf(state.livestream)) queue.push(this.id, state);
  }

  /** Forgets the published state if the next change no longer concerns a subscriber. */
  prune(): void {
    if (this.#published === null || this.#context.index.isOfConcern(this.#published.livestream)) return;
    this.#published = null;
    this.#startingSince = null;
    this.#needsResend = false;
    this.#context.index.update(this);
  }

  #relate(livestream: Livestream, timestamp: HybridTimestamp) {
    return relate({ published: this.#published, arrivedAt: this.#arrivedAt }, livestream, timestamp);
  }

  /** Delivers a state to all subscribers that it concerns, unless a newer one was published. Without `sessionId`, adds the known one. */
  #publish(livestream: Livestream, timestamp: HybridTimestamp, sessionId?: string | null): void {
    const { index, reader } = this.#context;
    const last = this.#published;
    if (last !== null && last.timestamp.logical > timestamp.logical) return;
    // A livestream that was not active before and is not now concerns only the subscribers to its id.
    const isOrWasActive = isActive(livestream) || (last !== null && isActive(last.livestream));
    const recipients = index
      .subscribersOf(livestream)
      .filter(({ target }) => isOrWasActive || target.livestreamId === this.id);
    if (recipients.length === 0) return;
    const state = { livestream, sessionId: sessionId === undefined ? this.#knownSessionId(livestream) : sessionId };
    this.#record({ ...state, timestamp });
    // The session ended with the livestream: a subscriber that asks for it now must not get the cached one.
    if (hasEnded(livestream)) reader.endSession(this.id, timestamp);
    const isUnchanged =
      last !== null && isSameVisibleState(last.livestream, livestream) && last.sessionId === state.sessionId;
    if (!isUnchanged) for (const { queue } of recipients) queue.push(this.id, state);
    this.prune();
    if (!isUnchanged) this.#context.onPublished(this, livestream, last?.livestream);
  }

  #record(state: PublishedState): void {
    const { clock, index, reader } = this.#context;
    const last = this.#published;
    const isSameStatus = last?.livestream.status === state.livestream.status;
    if (!isStarting(state.livestream)) this.#startingSince = null;
    else if (!isSameStatus || this.#startingSince === null) this.#startingSince = clock.now();
    this.#published = state;
    this.#arrivedAt = reader.current().logical;
    if (last === null) index.update(this);
  }

  #knownSessionId(livestream: Livestream): string | null | undefined {
    if (hasEnded(livestream)) return null;
    const known = this.#context.reader.latestSession(this.id);
    if (known) return known.id;
    // A known null proves nothing: it may be newer than this state, and mean that the livestream has ended since.
    const last = this.#published;
    return last !== null && isSameVisibleState(last.livestream, livestream) ? last.sessionId : undefined;
  }

  /** Runs a task after all earlier ones. A task that fails is dropped: the next poll finds the change. */
  #enqueue(task: () => Promise<void>): void {
    this.#tasks = this.#tasks.then(task).catch(() => {});
  }

  /** Publishes a state in one event with its session, which is read if the state has changed. */
  async #settle(livestream: Livestream, timestamp: HybridTimestamp): Promise<void> {
    const { reader } = this.#context;
    const relation = this.#relate(livestream, timestamp);
    if (relation === 'outdated') return;
    if (relation === 'ambiguous') return void (await this.#readCurrent());
    const last = this.#published;
    const hasChanged = last !== null && !isSameVisibleState(last.livestream, reader.latest(this.id) ?? livestream);
    // A session that came in the same response as the livestream is new enough.
    const since = { ...timestamp, logical: timestamp.logical - 1 };
    if (hasChanged && isActive(livestream)) await this.#readSession(since);
    const current = reader.latest(this.id) ?? livestream;
    if (!isActive(current) || reader.latestSession(this.id) !== null) return this.#publish(current, timestamp);
    // There is no session. If the livestream has ended, this read publishes its end; otherwise it runs without a session.
    const again = await this.#readCurrent();
    if (again !== null && isSameVisibleState(again, current)) this.#publish(again, timestamp, null);
  }

  /** The livestream, active at last, turned out to have no session. Publishes its end, or that it runs without a session. */
  async #confirmNoSession(): Promise<void> {
    if (this.#published === null) return;
    const livestream = await this.#readCurrent();
    const last = this.#published;
    if (livestream === null || last === null) return;
    const hasNoSession = this.#context.reader.latestSession(this.id) === null;
    if (hasNoSession && isSameVisibleState(livestream, last.livestream))
      this.#publish(livestream, last.timestamp, null);
  }

  /** Reads the current state, which also comes in through `onLivestream`. */
  async #readCurrent(): Promise<Livestream | null> {
    const { reader } = this.#context;
    return reader.livestream(this.id, reader.current());
  }

  /** Reads the session. Gives up after `SESSION_TIMEOUT_MS` or on an error: the change is published without it. */
  async #readSession(since: HybridTimestamp): Promise<void> {
    const { clock, reader } = this.#context;
    const createError = (): Error => new Error('The session could not be read in time.');
    const read = async (): Promise<unknown> => reader.session(this.id, since);
    await withTimeout({ timeoutMs: SESSION_TIMEOUT_MS, clock, createError }, read).catch(() => {});
  }
}
