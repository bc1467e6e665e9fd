import type { ActiveLivestreams } from '../data/liveFeed.ts';
import { isActive } from '../domain/livestreamState.ts';
import type { PublishedState } from './types.ts';
import type { Topics } from './watchIndex.ts';

/** From this number of subscribed livestreams and meetings on, the lists of active livestreams are read instead of each one. */
const LIST_THRESHOLD = 3;
/** How many inactive livestreams, and how many active ones without a session, all replicas together poll in one round beside the lists. */
const MAX_PER_ROUND = 3;
/** How long after a poll a listed livestream without a session is polled again: the lists would not show that it has one. */
const SESSION_INTERVAL_MS = 10_000;

/** Whether a poll round reads the lists of active livestreams, in place of many single reads. */
export function usesLists({ livestreamIds, meetingIds, isAppWide }: Topics): boolean {
  return isAppWide || livestreamIds.length + meetingIds.length >= LIST_THRESHOLD;
}

export interface PollPlanInput {
  topics: Topics;
  /** What was read from the lists; null if they were not read, or failed. */
  active: ActiveLivestreams | null;
  /** The published states, by livestream id. */
  published: ReadonlyMap<string, PublishedState>;
  /** When a livestream was last polled, in milliseconds since the Unix epoch, whether or not that showed a state; 0 if never. */
  polledAt: (livestreamId: string) => number;
  /** In milliseconds since the Unix epoch. */
  now: number;
  /** How old the state of an inactive livestream may become before it is polled, where the lists cover the active ones. */
  maxIdleAgeMs: number;
  replicaCount: number;
}

/**
 * What a poll round reads one by one: each livestream once however many subscribers it has, the least recently polled first. A poll
 * that failed, or found nothing, counts: otherwise, livestreams without a readable state would keep the places of all others.
 */
export function planSingleReads(input: PollPlanInput): Pick<Topics, 'livestreamIds' | 'meetingIds'> {
  const { topics, active, published } = input;
  const isComplete = active?.isComplete ?? false;
  const listedIds = new Set(active?.livestreams.map(({ id }) => id));
  // Livestreams that were active, and must be in the lists unless they have ended.
  const expectedIds = isComplete || topics.isAppWide ? idsOfActive(published) : [];
  const subscribedIds = isComplete ? dueIdle(input) : topics.livestreamIds;
  const unlistedIds = [...new Set([...expectedIds, ...subscribedIds])].filter((id) => !listedIds.has(id));
  const listedWithoutSession = dueForSession([...listedIds], input);
  return {
    livestreamIds: oldestFirst([...unlistedIds, ...listedWithoutSession], input),
    meetingIds: isComplete ? [] : topics.meetingIds,
  };
}

/** This replica's share of the subscribed livestreams that are inactive, or unknown, and due for a poll. */
function dueIdle(input: PollPlanInput): string[] {
  const { topics, published, now, maxIdleAgeMs } = input;
  const isDue = (id: string): boolean => {
    const last = published.get(id);
    const isIdle = last === undefined || !isActive(last.livestream);
    return isIdle && now - knownAt(id, input) >= maxIdleAgeMs;
  };
  return shareOf(topics.livestreamIds.filter(isDue), input);
}

/** This replica's share of the listed livestreams that were read without a session, and are due for a poll. */
function dueForSession(listedIds: string[], input: PollPlanInput): string[] {
  const { published, polledAt, now } = input;
  const isDue = (id: string): boolean =>
    published.get(id)?.sessionId === null && now - polledAt(id) >= SESSION_INTERVAL_MS;
  return shareOf(listedIds.filter(isDue), input);
}

function shareOf(ids: string[], input: PollPlanInput): string[] {
  return oldestFirst(ids, input).slice(0, Math.max(1, Math.round(MAX_PER_ROUND / input.replicaCount)));
}

function idsOfActive(published: PollPlanInput['published']): string[] {
  return [...published].filter(([, { livestream }]) => isActive(livestream)).map(([id]) => id);
}

/** When the livestream was last polled, or read by another operation. */
function knownAt(id: string, { published, polledAt }: PollPlanInput): number {
  return Math.max(polledAt(id), published.get(id)?.timestamp.wallTime ?? 0);
}

function oldestFirst(ids: string[], input: PollPlanInput): string[] {
  return ids.toSorted((one, other) => knownAt(one, input) - knownAt(other, input));
}
