import { createServer } from 'node:http';

import DataLoader from 'dataloader';
import { DateTimeResolver, URLResolver } from 'graphql-scalars';
import { createGraphQLError, createSchema, createYoga } from 'graphql-yoga';

import { TYPE_DEFS } from './benchSchema.ts';
import { listenAndPrintUrl } from './listenAndPrintUrl.ts';
import { type LivestreamRow, parseResponseBody, PATHS, restApiFromEnv, type SessionRow } from './restApi.ts';
import { type BenchContext, resolvers, type RestClient } from './sharedResolvers.ts';

/* What a competent developer writes first: GraphQL Yoga with its defaults, a DataLoader per operation, and Node's `fetch`. */

const { baseUrl, token } = restApiFromEnv(process.env);

/** Returns null for a 404. */
async function get<Data>(path: string): Promise<Data | null> {
  const response = await fetch(baseUrl + path, { headers: { authorization: `Bearer ${token}` } });
  if (response.status === 404) return null;
  if (!response.ok) {
    const code = response.status === 429 ? 'RATE_LIMITED' : 'UPSTREAM_UNAVAILABLE';
    throw createGraphQLError(`Upstream responded with ${response.status}`, { extensions: { code } });
  }
  return parseResponseBody<Data>(await response.json()).data;
}

function createRestClient(): RestClient {
  const activeLivestream = createLoader((id) => get<LivestreamRow>(PATHS.activeLivestream(id)));
  const activeSession = createLoader((id) => get<{ session: SessionRow }>(PATHS.activeSession(id)));
  return {
    activeLivestream: async (meetingId) => activeLivestream.load(meetingId),
    activeSession: async (livestreamId) => (await activeSession.load(livestreamId))?.session ?? null,
    livestreams: async (first, status) => (await get<LivestreamRow[]>(PATHS.livestreams(first, status))) ?? [],
  };
}

function createLoader<Value>(load: (key: string) => Promise<Value>): DataLoader<string, Value> {
  return new DataLoader<string, Value>(async (keys) =>
    Promise.all(keys.map(async (key) => load(key).catch((error: unknown) => toError(error)))),
  );
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

const yoga = createYoga<object, BenchContext>({
  schema: createSchema<BenchContext>({
    typeDefs: TYPE_DEFS,
    resolvers: { ...resolvers, DateTime: DateTimeResolver, URL: URLResolver },
  }),
  context: () => ({ rest: createRestClient() }),
});

listenAndPrintUrl(createServer((request, response) => void yoga(request, response)));
