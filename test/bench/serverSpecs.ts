/**
 * How a server runs. `cold`: nothing is cached. `stored`: cold, but responses are stored as a cache miss would be. `warm`: with the
 * cache. `logged`: warm, with log and metrics. A server without a cache is always `cold`.
 */
export type ServerMode = 'cold' | 'stored' | 'warm' | 'logged';

/** A GraphQL server that takes part in the benchmark. */
export interface ServerSpec {
  /** The name in the report and on the command line. */
  name: string;
  description: string;
  /** The program's path, relative to the project root. */
  file: string;
  env: Record<string, string>;
  /** The modes to measure the server in, in the order of the report. */
  modes: readonly ServerMode[];
  /** What the server does besides answering queries, in the measured time: a sentence of the report. */
  features: string;
}

const freshFor = (ms: number) => ({
  FRESH_STATUS_MS: String(ms),
  FRESH_METERS_MS: String(ms),
  FRESH_ENDED_MS: String(ms),
  FRESH_NOTHING_MS: String(ms),
});

/** The environment variables of this gateway that a mode changes. No stale response may be served cold. */
const MODE_ENV: Record<ServerMode, Record<string, string>> = {
  cold: { ...freshFor(0), STALE_MS: '0' },
  stored: { ...freshFor(1), STALE_MS: '0' },
  warm: {},
  logged: { LOG_LEVEL: 'info', METRICS: 'on' },
};

/** The folder of the servers that need packages of their own. */
export const PEERS = 'test/bench/peers';

/** In the order of the report. This gateway runs without log and metrics by default, because no other server has them. */
export const SERVER_SPECS: readonly ServerSpec[] = [
  {
    name: 'ours',
    description: 'this gateway',
    file: 'src/node.ts',
    env: { PORT: '0', LOG_LEVEL: 'silent', METRICS: 'off' },
    modes: ['cold', 'stored', 'warm', 'logged'],
    features:
      'Cache, one request for equal reads, request budget, deadlines, retries, checks of requests and responses, limits on documents and costs; with `logged`, log and metrics.',
  },
  peer(
    'naive',
    'Yoga + DataLoader + fetch',
    'test/bench/servers/naive.ts',
    'One request for equal reads of an operation.',
  ),
  peer(
    'apollo',
    'Apollo Server + RESTDataSource',
    `${PEERS}/apolloServer.ts`,
    'One request for equal reads of an operation. Would cache responses with `Cache-Control`, which the API does not send.',
  ),
  peer(
    'hive',
    'Hive Gateway from OpenAPI',
    `${PEERS}/hiveGateway.ts`,
    'Derives the resolvers from an OpenAPI document.',
  ),
  peer(
    'mercurius',
    'mercurius + graphql-jit + undici request',
    `${PEERS}/mercurius.ts`,
    'One request for equal reads of an operation.',
  ),
  peer('mercurius-dispatch', 'mercurius + graphql-jit + undici dispatch', `${PEERS}/mercuriusDispatch.ts`, 'Nothing.'),
  peer('yoga-tuned', 'bare Yoga + graphql-jit + undici dispatch', `${PEERS}/yogaTuned.ts`, 'Nothing.'),
  peer(
    'floor',
    'no GraphQL: node:http + undici dispatch',
    'test/bench/servers/floor.ts',
    'Nothing, and answers only the queries of this benchmark.',
  ),
];

/** The servers of a quick run: they need no packages of their own. */
export const QUICK_SERVERS = ['ours', 'naive', 'floor'];

function peer(name: string, description: string, file: string, features: string): ServerSpec {
  return { name, description, file, env: {}, modes: ['cold'], features };
}

/** Whether the server caches upstream responses between operations. */
export function hasCache({ modes }: ServerSpec): boolean {
  return modes.includes('warm');
}

/** The server's environment variables in a mode. */
export function envOf(spec: ServerSpec, mode: ServerMode): Record<string, string> {
  return { ...spec.env, ...MODE_ENV[mode] };
}

/** Returns the server without its throttle, which would otherwise slow the server down to the upstream's rate limit. */
export function withoutThrottle(spec: ServerSpec): ServerSpec {
  return { ...spec, env: { ...spec.env, REQUESTS_PER_SECOND: '0' } };
}

/** Returns the servers with the given names. Throws if a name is unknown. */
export function selectServers(names: readonly string[]): ServerSpec[] {
  return names.map((name) => {
    const spec = SERVER_SPECS.find((candidate) => candidate.name === name);
    if (spec !== undefined) return spec;
    const known = SERVER_SPECS.map((candidate) => candidate.name).join(', ');
    throw new Error(`--only: there is no server "${name}". Choose from ${known}.`);
  });
}
