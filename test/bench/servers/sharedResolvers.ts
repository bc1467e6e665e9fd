import type { LivestreamRow, SessionRow } from './restApi.ts';

/** The REST client of one operation. */
export interface RestClient {
  activeLivestream(meetingId: string): Promise<LivestreamRow | null>;
  activeSession(livestreamId: string): Promise<SessionRow | null>;
  livestreams(first: number, status: string | undefined): Promise<LivestreamRow[]>;
}

export interface BenchContext {
  rest: RestClient;
}

interface LivestreamsArguments {
  first: number;
  filter?: { status?: string };
}

/**
 * The resolvers of every server that has resolvers, so that the servers differ only in engine and HTTP client. They are as simple
 * as a first version would be: nothing is cached or shared between operations.
 */
export const resolvers = {
  Query: {
    meeting: (_root: unknown, { id }: { id: string }) => ({ id }),
    livestreams: async (_root: unknown, { first, filter }: LivestreamsArguments, { rest }: BenchContext) => ({
      nodes: await rest.livestreams(first, filter?.status),
    }),
  },
  Meeting: {
    activeLivestream: async ({ id }: { id: string }, _args: unknown, { rest }: BenchContext) =>
      rest.activeLivestream(id),
  },
  Livestream: {
    playbackUrl: (row: LivestreamRow) => row.playback_url,
    updatedAt: (row: LivestreamRow) => row.updated_at,
    activeSession: async ({ id }: LivestreamRow, _args: unknown, { rest }: BenchContext) => rest.activeSession(id),
  },
  LivestreamSession: {
    startedAt: (row: SessionRow) => row.started_time,
    viewerSeconds: (row: SessionRow) => (row.viewer_seconds === undefined ? null : Number(row.viewer_seconds)),
    updatedAt: (row: SessionRow) => row.updated_at,
  },
};
