import DataLoader from 'dataloader';
import fastify from 'fastify';
import { GraphQLError } from 'graphql';
import { DateTimeResolver, URLResolver } from 'graphql-scalars';
import mercurius from 'mercurius';
import { request } from 'undici';

import { TYPE_DEFS } from '../servers/benchSchema.ts';
import { type LivestreamRow, parseResponseBody, PATHS, restApiFromEnv, type SessionRow } from '../servers/restApi.ts';
import { type BenchContext, resolvers, type RestClient } from '../servers/sharedResolvers.ts';

declare module 'mercurius' {
  interface MercuriusContext extends BenchContext {}
}

/* Fastify and mercurius with undici's `request`. graphql-jit compiles every operation on its first execution. */

const { baseUrl, token } = restApiFromEnv(process.env);
const headers = { authorization: `Bearer ${token}` };

/** Returns null for a 404. */
async function get<Data>(path: string): Promise<Data | null> {
  const { statusCode, body } = await request(baseUrl + path, { headers });
  if (statusCode === 200) return parseResponseBody<Data>(await body.json()).data;
  await body.dump();
  if (statusCode === 404) return null;
  const code = statusCode === 429 ? 'RATE_LIMITED' : 'UPSTREAM_UNAVAILABLE';
  throw new GraphQLError(`Upstream responded with ${statusCode}`, { extensions: { code } });
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

const app = fastify();
await app.register(mercurius, {
  schema: TYPE_DEFS,
  resolvers: { ...resolvers, DateTime: DateTimeResolver, URL: URLResolver },
  context: () => ({ rest: createRestClient() }),
  jit: 1,
});
process.stdout.write(`${await app.listen({ port: 0, host: '127.0.0.1' })}/graphql\n`);
