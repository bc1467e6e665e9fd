import { type AugmentedRequest, RESTDataSource } from '@apollo/datasource-rest';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { GraphQLError } from 'graphql';
import { DateTimeResolver, URLResolver } from 'graphql-scalars';

import { TYPE_DEFS } from '../servers/benchSchema.ts';
import { type LivestreamRow, parseResponseBody, PATHS, restApiFromEnv, type SessionRow } from '../servers/restApi.ts';
import { type BenchContext, resolvers, type RestClient } from '../servers/sharedResolvers.ts';

/* Apollo Server's standalone server with its own REST data source, one per operation, as in Apollo's documentation. */

const { baseUrl, token } = restApiFromEnv(process.env);

class RealtimeKit extends RESTDataSource implements RestClient {
  override baseURL = baseUrl;

  // By default, a path with a leading slash replaces the path of the base URL.
  override resolveURL(path: string): URL {
    return new URL(baseUrl + path);
  }

  override willSendRequest(_path: string, request: AugmentedRequest): void {
    request.headers['authorization'] = `Bearer ${token}`;
  }

  async activeLivestream(meetingId: string): Promise<LivestreamRow | null> {
    return this.#get(PATHS.activeLivestream(meetingId));
  }

  async activeSession(livestreamId: string): Promise<SessionRow | null> {
    const data = await this.#get<{ session: SessionRow }>(PATHS.activeSession(livestreamId));
    return data?.session ?? null;
  }

  async livestreams(first: number, status: string | undefined): Promise<LivestreamRow[]> {
    return (await this.#get<LivestreamRow[]>(PATHS.livestreams(first, status))) ?? [];
  }

  async #get<Data>(path: string): Promise<Data | null> {
    try {
      return parseResponseBody<Data>(await this.get(path)).data;
    } catch (error) {
      const status = statusOf(error);
      if (status === 404) return null;
      if (status === 429)
        throw new GraphQLError('Upstream responded with 429', { extensions: { code: 'RATE_LIMITED' } });
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
  context: async () => ({ rest: new RealtimeKit({ cache: server.cache }) }),
});
process.stdout.write(`${url}graphql\n`);
