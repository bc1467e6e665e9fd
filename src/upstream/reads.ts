import { LRUCache } from 'lru-cache';

import type { Livestream, LivestreamQuery, LivestreamRef, LivestreamSession, Meeting, Range, Rows } from '../models.ts';
import type { Cache, Kind, Moment } from './cache.ts';
import type { Endpoints, Head } from './endpoints.ts';
import { type FreshnessSettings, sessionFreshness } from './freshness.ts';
import type { StartOutcome, StopOutcome } from './livestreamControl.ts';
import type { Operation } from './operation.ts';

/** Names that were sent with a start, remembered for as long as upstream may not tell them. */
const MOST_NAMES = 10_000;

export interface MeetingsKey {
  search: string | null;
  range: Range;
}
export interface LivestreamsKey {
  query: LivestreamQuery;
  range: Range;
}
export interface MeetingLivestreamsKey {
  meetingId: string;
  range: Range;
}

/** Every read, from what is kept in common or from upstream. A livestream that stands in any answer serves all that ask for it. */
export interface Reads {
  meeting: Kind<string, Meeting | null>;
  livestream: Kind<string, Livestream | null>;
  /** By the meeting's id. */
  activeLivestream: Kind<string, LivestreamRef | null>;
  /** By the livestream's id. */
  activeSession: Kind<string, LivestreamSession | null>;
  session: Kind<string, LivestreamSession | null>;
  meetings: Kind<MeetingsKey, Rows<Meeting>>;
  livestreams: Kind<LivestreamsKey, Rows<Livestream>>;
  meetingLivestreams: Kind<MeetingLivestreamsKey, Rows<Livestream>>;
  /** The first and largest page of a list; null: it does not tell how long the list is. */
  livestreamsHead: Kind<LivestreamQuery, Head | null>;
  /** A start was sent; null: it failed, and may have been carried out all the same. */
  started(operation: Operation, input: { meetingId: string; name: string | null }, outcome: StartOutcome | null): void;
  /** A stop was sent; null: it failed, and may have been carried out all the same. */
  stopped(operation: Operation, meetingId: string, outcome: StopOutcome | null): void;
}

export function createReads(endpoints: Endpoints, cache: Cache, freshness: FreshnessSettings): Reads {
  /** By account and livestream. */
  const sentNames = new LRUCache<string, string>({ max: MOST_NAMES });
  const ofStatus = (value: unknown): number => (value === null ? freshness.nothing : freshness.status);
  const ofSession = (session: LivestreamSession | null): number => sessionFreshness(session, freshness);

  const meeting = cache.kind<string, Meeting | null>({
    route: '/meetings/{id}',
    keyOf: (id) => id,
    load: async (operation, id) => endpoints.meeting(operation, id),
    freshness: ofStatus,
    tags: (id) => [aboutMeeting(id)],
  });
  const livestream = cache.kind<string, Livestream | null>({
    route: '/livestreams/{id}',
    keyOf: (id) => id,
    load: async (operation, id, moment) => see(operation, await endpoints.livestream(operation, id), moment),
    freshness: ofStatus,
    tags: (id, value) => [aboutLivestream(id), ...(value?.meetingId ? [aboutMeeting(value.meetingId)] : [])],
  });
  const activeLivestream = cache.kind<string, LivestreamRef | null>({
    route: '/meetings/{id}/active-livestream',
    keyOf: (meetingId) => meetingId,
    load: async (operation, id, moment) => see(operation, await endpoints.activeLivestream(operation, id), moment),
    freshness: ofStatus,
    tags: (meetingId, value) => [aboutMeeting(meetingId), ...(value === null ? [] : [aboutLivestream(value.id)])],
  });
  const activeSession = cache.kind<string, LivestreamSession | null>({
    route: '/livestreams/{id}/active-livestream-session',
    keyOf: (livestreamId) => livestreamId,
    async load(operation, livestreamId, moment) {
      const answer = await endpoints.activeSession(operation, livestreamId);
      see(operation, answer.livestream, moment);
      if (answer.session !== null) session.put(operation.account.id, answer.session.id, answer.session, moment);
      return answer.session;
    },
    freshness: ofSession,
    tags: (livestreamId) => [aboutLivestream(livestreamId)],
  });
  const session = cache.kind<string, LivestreamSession | null>({
    route: '/livestreams/sessions/{id}',
    keyOf: (id) => id,
    load: async (operation, id) => endpoints.session(operation, id),
    freshness: ofSession,
    tags: (_id, value) => (value?.livestreamId ? [aboutLivestream(value.livestreamId)] : []),
  });
  const meetings = cache.kind<MeetingsKey, Rows<Meeting>>({
    route: '/meetings',
    keyOf: ({ search, range }) => JSON.stringify([search, range.offset, range.count]),
    async load(operation, { search, range }, moment) {
      const page = await endpoints.meetings(operation, search, range);
      for (const row of page.rows) if (row !== null) meeting.put(operation.account.id, row.id, row, moment);
      return page;
    },
    freshness: ofStatus,
    tags: () => [],
  });
  const livestreams = cache.kind<LivestreamsKey, Rows<Livestream>>({
    route: '/livestreams',
    keyOf: ({ query, range }) => `${queryKey(query)} ${range.offset} ${range.count}`,
    load: async (operation, { query, range }, moment) =>
      seeAll(operation, await endpoints.livestreams(operation, query, range), moment),
    freshness: ofStatus,
    tags: () => [LISTS],
  });
  const meetingLivestreams = cache.kind<MeetingLivestreamsKey, Rows<Livestream>>({
    route: '/meetings/{id}/livestream',
    keyOf: ({ meetingId, range }) => `${meetingId} ${range.offset} ${range.count}`,
    load: async (operation, { meetingId, range }, moment) =>
      seeAll(operation, await endpoints.meetingLivestreams(operation, meetingId, range), moment),
    freshness: ofStatus,
    tags: ({ meetingId }) => [aboutMeeting(meetingId)],
  });
  const livestreamsHead = cache.kind<LivestreamQuery, Head | null>({
    route: '/livestreams',
    keyOf: queryKey,
    async load(operation, query, moment) {
      const head = await endpoints.livestreamsHead(operation, query);
      return head && { ...head, rows: head.rows.map((row) => see(operation, row, moment)) };
    },
    freshness: ofStatus,
    tags: () => [LISTS],
  });

  /** Puts a livestream where all will find it who ask for it. */
  function see<Seen extends Livestream | null>(operation: Operation, seen: Seen, moment: Moment): Seen {
    if (seen === null) return seen;
    const accountId = operation.account.id;
    const told = seen.name === null ? { ...seen, name: sentNames.get(`${accountId} ${seen.id}`) ?? null } : seen;
    operation.see(told);
    // Of which not even the status was told: another read may tell more.
    if (told.status === 'UNKNOWN') return told;
    livestream.put(accountId, told.id, told, moment);
    if (told.meetingId === null) return told;
    const isActive = told.status === 'LIVE' || told.status === 'INVOKED';
    if (isActive) activeLivestream.put(accountId, told.meetingId, told, moment);
    else if (activeLivestream.held(accountId, told.meetingId)?.id === told.id)
      activeLivestream.drop(accountId, told.meetingId, moment);
    return told;
  }

  function seeAll(operation: Operation, page: Rows<Livestream>, moment: Moment): Rows<Livestream> {
    return { ...page, rows: page.rows.map((row) => see(operation, row, moment)) };
  }

  /** The meeting's livestream is another than before. */
  function changed({ account: { id } }: Operation, meetingId: string, now: LivestreamRef | null | undefined): void {
    const before = activeLivestream.held(id, meetingId);
    const touched = [before, now].flatMap((value) => (value ? [aboutLivestream(value.id)] : []));
    const moment = cache.changed(id, [LISTS, aboutMeeting(meetingId), ...touched]);
    if (now !== undefined) activeLivestream.put(id, meetingId, now, moment);
  }

  return {
    meeting,
    livestream,
    activeLivestream,
    activeSession,
    session,
    meetings,
    livestreams,
    meetingLivestreams,
    livestreamsHead,
    started(operation, { meetingId, name }, outcome) {
      const started = outcome !== null && 'livestream' in outcome ? outcome.livestream : undefined;
      if (started !== undefined && name !== null) sentNames.set(`${operation.account.id} ${started.id}`, name);
      changed(operation, meetingId, started);
    },
    stopped(operation, meetingId, outcome) {
      changed(operation, meetingId, outcome !== null && 'stopped' in outcome ? null : undefined);
    },
  };
}

/** What a start or a stop changes: every list of livestreams, and whatever speaks of the meeting or of its livestream. */
const LISTS = 'lists';
const aboutMeeting = (id: string): string => `meeting ${id}`;
const aboutLivestream = (id: string): string => `livestream ${id}`;

function queryKey({ status, excludeMeetings, from, to, order }: LivestreamQuery): string {
  return `${status} ${excludeMeetings} ${from?.getTime()} ${to?.getTime()} ${order}`;
}
