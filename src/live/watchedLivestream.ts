import type { HybridTimestamp } from '../cluster/hybridClock.ts';
import type { LiveFeed, LiveReader, LiveUpdate } from '../data/liveFeed.ts';
import { isActive, isSameVisibleState, isStarting } from '../domain/livestreamState.ts';
import type { Livestream } from '../domain/models.ts';
import type { Clock } from '../lib/clock.ts';
import { relate } from './settleRule.ts';
import type { PublishedState, Subscriber } from './types.ts';

/** What the watched livestreams of an account share. */
interface WatchContext {
  feed: Pick<LiveFeed, 'track' | 'untrack'>;
  reader: Pick<LiveReader, 'livestream' | 'session'>;
  clock: Clock;
  /** See `watchIndex.ts`. */
  index: {
    subscribersOf: (livestream: Livestream) => Subscriber[];
    isOfConcern: (livestream: Livestream) => boolean;
    update: (watched: WatchedLivestream) => void;
  };
  /** Called after a changed state was published; `previous` is undefined if none was published before. */
  onPublished: (watched: WatchedLivestream, livestream: Livestream, previous: Livestream | undefined) => void;
}

/**
 * One livestream that may concern subscribers. Its updates come from upstream responses to any caller, in any order. It puts them in
 * order, and delivers only what changed. It reads itself again only where an update contradicts another one.
 */
export class WatchedLivestream {
  readonly id: string;
  /** When the last webhook about this livestream arrived, in milliseconds since the Unix epoch. */
  webhookAt = -Infinity;
  /** When a poll last read this livestream, or tried to, in milliseconds since the Unix epoch; 0 if none has. */
  polledAt = 0;
  readonly #context: WatchContext;
  #published: PublishedState | null = null;
  /** When the last published state arrived. */
  #arrivedAt: HybridTimestamp = { logical: 0, wallTime: 0 };
  #startingSince: number | null = null;
  /** Whether a subscriber could not read the session of the published state. */
  #needsResend = false;

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

  /** Handles what a response to any caller shows of the livestream. */
  onUpdate(update: LiveUpdate): void {
    const publication = { published: this.#published, arrivedAt: this.#arrivedAt.logical };
    const relation = relate(publication, update.livestream, update.timestamp);
    if (relation === 'current') this.#publish(update);
    if (relation !== 'ambiguous') return;
    // The state that it reads now comes in as another update. If the read fails, the next poll finds the change.
    this.#context.reader.livestream(this.id, this.#arrivedAt).catch(() => {});
  }

  /** Delivers the current state to a new subscriber, who has read `initial`. */
  sendInitialState({ target, queue }: Subscriber, initial: LiveUpdate): void {
    if (this.#published === null) this.#publish(initial);
    // All subscribers receive the states in the same order: what is newer than the published state is about to be published.
    const state = this.#published ?? initial;
    if (isActive(state.livestream) || target.livestreamId !== null) queue.push(this.id, state);
  }

  /** Makes the next `resend` deliver the state again: a subscriber could not read its session. */
  requestResend(): void {
    this.#needsResend = this.#published !== null;
  }

  /** Does what `requestResend` has asked for, once the session can be read. Rejects if it cannot. */
  async resend(): Promise<void> {
    if (!this.#needsResend) return;
    const { index, reader } = this.#context;
    // Now, so that no other call reads the session at the same time.
    this.#needsResend = false;
    try {
      await reader.session(this.id);
    } catch (error) {
      this.requestResend();
      throw error;
    }
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
    this.#context.feed.untrack(this.id);
  }

  /** Delivers a state to all subscribers that it concerns, if they see a difference. */
  #publish(update: LiveUpdate): void {
    const last = this.#published;
    const { livestream, sessionId } = update;
    if (last !== null && isSameVisibleState(last.livestream, livestream) && last.sessionId === sessionId)
      return this.#record(update);
    // A livestream that was not active before and is not now concerns only the subscribers to its id.
    const isOrWasActive = isActive(livestream) || (last !== null && isActive(last.livestream));
    const recipients = this.#context.index
      .subscribersOf(livestream)
      .filter(({ target }) => isOrWasActive || target.livestreamId === this.id);
    if (recipients.length === 0) return;
    this.#record(update);
    for (const { queue } of recipients) queue.push(this.id, update);
    this.prune();
    this.#context.onPublished(this, livestream, last?.livestream);
  }

  #record(update: LiveUpdate): void {
    const { clock, feed, index } = this.#context;
    const last = this.#published;
    const isSameStatus = last?.livestream.status === update.livestream.status;
    if (!isStarting(update.livestream)) this.#startingSince = null;
    else if (!isSameStatus || this.#startingSince === null) this.#startingSince = clock.now();
    this.#published = update;
    this.#arrivedAt = update.arrivedAt;
    if (last !== null) return;
    index.update(this);
    feed.track(update);
  }
}
