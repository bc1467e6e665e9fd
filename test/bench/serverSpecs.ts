/** A GraphQL server that takes part in the benchmark. */
export interface ServerSpec {
  /** The name in the report and on the command line. */
  name: string;
  description: string;
  /** The program's path, relative to the project root. */
  file: string;
  env: Record<string, string>;
  /** Whether the server caches upstream responses between operations. A caching server is measured twice: warm and cold. */
  hasCache: boolean;
}

/** Makes every cached response stale at once and forbids serving stale responses. */
const NO_CACHE_ENV = {
  FRESH_STATUS_MS: '0',
  FRESH_METERS_MS: '0',
  FRESH_ENDED_MS: '0',
  FRESH_NOTHING_MS: '0',
  STALE_MS: '0',
};

/** In the order of the report. This gateway runs without log and metrics, because no other server has them. */
export const SERVER_SPECS: readonly ServerSpec[] = [
  {
    name: 'ours',
    description: 'this gateway',
    file: 'src/node.ts',
    env: { PORT: '0', LOG_LEVEL: 'silent', METRICS: 'off' },
    hasCache: true,
  },
  specWithoutCache('naive', 'Yoga + DataLoader + fetch', 'test/bench/servers/naive.ts'),
  specWithoutCache('apollo', 'Apollo Server + RESTDataSource', 'test/bench/peers/apolloServer.ts'),
  specWithoutCache('hive', 'Hive Gateway from OpenAPI', 'test/bench/peers/hiveGateway.ts'),
  specWithoutCache('mercurius', 'mercurius + graphql-jit', 'test/bench/peers/mercurius.ts'),
  specWithoutCache('floor', 'no GraphQL: node:http + undici', 'test/bench/servers/floor.ts'),
];

function specWithoutCache(name: string, description: string, file: string): ServerSpec {
  return { name, description, file, env: {}, hasCache: false };
}

/** Returns the same server with its cache disabled. */
export function withoutCache(spec: ServerSpec): ServerSpec {
  return spec.hasCache ? { ...spec, env: { ...spec.env, ...NO_CACHE_ENV } } : spec;
}

/** Returns the same server without its throttle, which would otherwise slow the server down to the upstream's rate limit. */
export function withoutThrottle(spec: ServerSpec): ServerSpec {
  return spec.hasCache ? { ...spec, env: { ...spec.env, REQUESTS_PER_SECOND: '0' } } : spec;
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
