import DataLoader from 'dataloader';

import type {
  Livestream,
  LivestreamQuery,
  LivestreamRef,
  LivestreamSession,
  Meeting,
  Range,
  Rows,
  StartInput,
} from './models.ts';
import type { StartOutcome, StopOutcome } from './upstream/livestreamControl.ts';
import type { Upstream } from './upstream/upstream.ts';

/** What one operation reads and changes. What it has seen once, in whatever answer, it does not ask for again. */
export interface Loaders {
  meeting: DataLoader<string, Meeting | null>;
  livestream: DataLoader<string, Livestream | null>;
  /** By the meeting's id. */
  activeLivestream: DataLoader<string, LivestreamRef | null>;
  /** By the livestream's id. */
  activeSession: DataLoader<string, LivestreamSession | null>;
  session: DataLoader<string, LivestreamSession | null>;
  meetings(search: string | null, range: Range): Promise<Rows<Meeting>>;
  livestreams(query: LivestreamQuery, range: Range): Promise<Rows<Livestream>>;
  meetingLivestreams(meetingId: string, range: Range): Promise<Rows<Livestream>>;
  /** Starts a livestream; what the operation reads after it is the new state. */
  start(input: StartInput): Promise<StartOutcome>;
  /** Stops a meeting's livestream; what the operation reads after it is the new state. */
  stop(meetingId: string): Promise<StopOutcome>;
}

/** Loaders for one operation; when its caller leaves, `signal` ends the reads that it waits for. */
export function createLoaders({ readsFor, control }: Upstream, signal: AbortSignal): Loaders {
  const reads = readsFor(signal);
  /** By the livestream's id: what was sent, for as long as upstream does not tell it. */
  const sentNames = new Map<string, string>();

  const meeting = createLoader((id) => reads.meeting(id));
  const session = createLoader((id) => reads.session(id));
  const livestream = createLoader(async (id) => see(await reads.livestream(id)));
  const activeLivestream = createLoader(async (meetingId): Promise<LivestreamRef | null> => {
    return see(await reads.activeLivestream(meetingId));
  });
  const activeSession = createLoader(async (livestreamId) => {
    const answer = await reads.activeSession(livestreamId);
    see(answer.livestream);
    return answer.session;
  });

  /** Answers prime each other: a livestream that came in one serves every loader that could ask for it. */
  function see(answered: Livestream | null): Livestream | null {
    if (answered === null) return null;
    const seen = { ...answered, name: answered.name ?? sentNames.get(answered.id) ?? null };
    livestream.prime(seen.id, seen);
    const isActive = seen.status === 'LIVE' || seen.status === 'INVOKED';
    if (isActive && seen.meetingId !== null) activeLivestream.prime(seen.meetingId, seen);
    return seen;
  }

  async function seeAll(page: Promise<Rows<Livestream>>): Promise<Rows<Livestream>> {
    const { rows, ...rest } = await page;
    return { ...rest, rows: rows.map(see) };
  }

  /** After a mutation nothing that was read before can be trusted. */
  function forget(): void {
    for (const loader of [meeting, livestream, activeLivestream, activeSession, session]) loader.clearAll();
  }

  return {
    meeting,
    livestream,
    activeLivestream,
    activeSession,
    session,
    async meetings(search, range) {
      const page = await reads.meetings(search, range);
      for (const row of page.rows) if (row !== null) meeting.prime(row.id, row);
      return page;
    },
    livestreams: async (query, range) => seeAll(reads.livestreams(query, range)),
    meetingLivestreams: async (meetingId, range) => seeAll(reads.meetingLivestreams(meetingId, range)),
    async start(input) {
      signal.throwIfAborted();
      const outcome = await control.start(input).finally(forget);
      if ('refusal' in outcome) return outcome;
      activeLivestream.prime(input.meetingId, outcome.livestream);
      if (input.name !== null) sentNames.set(outcome.livestream.id, input.name);
      return outcome;
    },
    async stop(meetingId) {
      signal.throwIfAborted();
      const outcome = await control.stop(meetingId).finally(forget);
      if ('stopped' in outcome) activeLivestream.prime(meetingId, null);
      return outcome;
    },
  };
}

/**
 * A loader whose keys go their own ways: the API has no read of many by id, so that waiting for the whole batch would only make
 * each field as slow as the slowest of them.
 */
function createLoader<Value>(load: (key: string) => Promise<Value>): DataLoader<string, Value> {
  return new DataLoader<string, Value>((keys) => Promise.all(keys.map(load)), { batch: false });
}
