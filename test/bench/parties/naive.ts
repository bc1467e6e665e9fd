import { createServer } from 'node:http';

import DataLoader from 'dataloader';
import { DateTimeResolver, URLResolver } from 'graphql-scalars';
import { createGraphQLError, createSchema, createYoga } from 'graphql-yoga';

import { announce } from './announce.ts';
import { type BenchContext, type Reads, resolvers } from './resolvers.ts';
import { envelopeOf, type LivestreamRow, PATHS, type SessionRow, upstreamOf } from './rest.ts';
import { TYPE_DEFS } from './sdl.ts';

/* GraphQL Yoga with its defaults, a DataLoader per operation and Node's own fetch: what a competent developer writes first. */

const { base, token } = upstreamOf(process.env);

/** Null where upstream says that nothing is there. */
async function read<Data>(path: string): Promise<Data | null> {
  const response = await fetch(base + path, { headers: { authorization: `Bearer ${token}` } });
  if (response.status === 404) return null;
  if (!response.ok) {
    const code = response.status === 429 ? 'RATE_LIMITED' : 'UPSTREAM_UNAVAILABLE';
    throw createGraphQLError(`Upstream answered ${response.status}`, { extensions: { code } });
  }
  return envelopeOf<Data>(await response.json()).data;
}

function createReads(): Reads {
  const activeLivestream = loader((id) => read<LivestreamRow>(PATHS.activeLivestream(id)));
  const activeSession = loader((id) => read<{ session: SessionRow }>(PATHS.activeSession(id)));
  return {
    activeLivestream: async (meetingId) => activeLivestream.load(meetingId),
    activeSession: async (livestreamId) => (await activeSession.load(livestreamId))?.session ?? null,
    livestreams: async (first, status) => (await read<LivestreamRow[]>(PATHS.livestreams(first, status))) ?? [],
  };
}

function loader<Value>(load: (key: string) => Promise<Value>): DataLoader<string, Value> {
  return new DataLoader<string, Value>(async (keys) =>
    Promise.all(keys.map(async (key) => load(key).catch((error: unknown) => asError(error)))),
  );
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

const yoga = createYoga<object, BenchContext>({
  schema: createSchema<BenchContext>({
    typeDefs: TYPE_DEFS,
    resolvers: { ...resolvers, DateTime: DateTimeResolver, URL: URLResolver },
  }),
  context: () => ({ reads: createReads() }),
});

announce(createServer((request, response) => void yoga(request, response)));
