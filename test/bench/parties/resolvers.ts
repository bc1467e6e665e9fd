import type { LivestreamRow, SessionRow } from './rest.ts';

/** What the resolvers read with; per operation. */
export interface Reads {
  activeLivestream(meetingId: string): Promise<LivestreamRow | null>;
  /** By the livestream's id. */
  activeSession(livestreamId: string): Promise<SessionRow | null>;
  livestreams(first: number, status: string | undefined): Promise<LivestreamRow[]>;
}

export interface BenchContext {
  reads: Reads;
}

interface ListArguments {
  first: number;
  filter?: { status?: string };
}

/**
 * The resolvers that each party with resolvers shares, so that what differs is the engine and the HTTP client. Written as one
 * writes them in an afternoon: no cache, nothing shared between operations.
 */
export const resolvers = {
  Query: {
    meeting: (_root: unknown, { id }: { id: string }) => ({ id }),
    livestreams: async (_root: unknown, { first, filter }: ListArguments, { reads }: BenchContext) => ({
      nodes: await reads.livestreams(first, filter?.status),
    }),
  },
  Meeting: {
    activeLivestream: async ({ id }: { id: string }, _args: unknown, { reads }: BenchContext) =>
      reads.activeLivestream(id),
  },
  Livestream: {
    playbackUrl: (row: LivestreamRow) => row.playback_url,
    updatedAt: (row: LivestreamRow) => row.updated_at,
    activeSession: async ({ id }: LivestreamRow, _args: unknown, { reads }: BenchContext) => reads.activeSession(id),
  },
  LivestreamSession: {
    startedAt: (row: SessionRow) => row.started_time,
    viewerSeconds: (row: SessionRow) => (row.viewer_seconds === undefined ? null : Number(row.viewer_seconds)),
    updatedAt: (row: SessionRow) => row.updated_at,
  },
};
