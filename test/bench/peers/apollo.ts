import { type AugmentedRequest, RESTDataSource } from '@apollo/datasource-rest';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { GraphQLError } from 'graphql';
import { DateTimeResolver, URLResolver } from 'graphql-scalars';

import { type BenchContext, type Reads, resolvers } from '../parties/resolvers.ts';
import { envelopeOf, type LivestreamRow, PATHS, type SessionRow, upstreamOf } from '../parties/rest.ts';
import { TYPE_DEFS } from '../parties/sdl.ts';

/* Apollo Server's standalone server over its own REST data source, as its documentation has it: one data source per operation. */

const { base, token } = upstreamOf(process.env);

class RealtimeKit extends RESTDataSource implements Reads {
  override baseURL = base;

  // A path that begins with a slash would replace the base's own.
  override resolveURL(path: string): URL {
    return new URL(base + path);
  }

  override willSendRequest(_path: string, request: AugmentedRequest): void {
    request.headers['authorization'] = `Bearer ${token}`;
  }

  async activeLivestream(meetingId: string): Promise<LivestreamRow | null> {
    return this.#read(PATHS.activeLivestream(meetingId));
  }

  async activeSession(livestreamId: string): Promise<SessionRow | null> {
    const found = await this.#read<{ session: SessionRow }>(PATHS.activeSession(livestreamId));
    return found?.session ?? null;
  }

  async livestreams(first: number, status: string | undefined): Promise<LivestreamRow[]> {
    return (await this.#read<LivestreamRow[]>(PATHS.livestreams(first, status))) ?? [];
  }

  async #read<Data>(path: string): Promise<Data | null> {
    try {
      return envelopeOf<Data>(await this.get(path)).data;
    } catch (error) {
      const status = statusOf(error);
      if (status === 404) return null;
      if (status === 429) throw new GraphQLError('Upstream answered 429', { extensions: { code: 'RATE_LIMITED' } });
      throw error;
    }
  }
}

function statusOf(error: unknown): unknown {
  const response = error instanceof GraphQLError ? error.extensions['response'] : undefined;
  return typeof response === 'object' && response !== null ? Reflect.get(response, 'status') : undefined;
}

const server = new ApolloServer<BenchContext>({
  typeDefs: TYPE_DEFS,
  resolvers: { ...resolvers, DateTime: DateTimeResolver, URL: URLResolver },
});

const { url } = await startStandaloneServer(server, {
  listen: { port: 0, host: '127.0.0.1' },
  context: async () => ({ reads: new RealtimeKit({ cache: server.cache }) }),
});
process.stdout.write(`${url}graphql\n`);
