import DataLoader from 'dataloader';
import fastify from 'fastify';
import { GraphQLError } from 'graphql';
import { DateTimeResolver, URLResolver } from 'graphql-scalars';
import mercurius from 'mercurius';
import { request } from 'undici';

import { type BenchContext, type Reads, resolvers } from '../parties/resolvers.ts';
import { envelopeOf, type LivestreamRow, PATHS, type SessionRow, upstreamOf } from '../parties/rest.ts';
import { TYPE_DEFS } from '../parties/sdl.ts';

declare module 'mercurius' {
  interface MercuriusContext extends BenchContext {}
}

/* Fastify and mercurius, every operation compiled by graphql-jit from its first call on, with undici's own request. */

const { base, token } = upstreamOf(process.env);
const headers = { authorization: `Bearer ${token}` };

async function read<Data>(path: string): Promise<Data | null> {
  const { statusCode, body } = await request(base + path, { headers });
  if (statusCode === 200) return envelopeOf<Data>(await body.json()).data;
  await body.dump();
  if (statusCode === 404) return null;
  const code = statusCode === 429 ? 'RATE_LIMITED' : 'UPSTREAM_UNAVAILABLE';
  throw new GraphQLError(`Upstream answered ${statusCode}`, { extensions: { code } });
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

const app = fastify();
await app.register(mercurius, {
  schema: TYPE_DEFS,
  resolvers: { ...resolvers, DateTime: DateTimeResolver, URL: URLResolver },
  context: () => ({ reads: createReads() }),
  jit: 1,
});
process.stdout.write(`${await app.listen({ port: 0, host: '127.0.0.1' })}/graphql\n`);
