/** A gateway that takes part. */
export interface Party {
  name: string;
  title: string;
  /** From the project's root. */
  file: string;
  env: Record<string, string>;
  /** Whether it keeps answers between operations, so that it is measured a second time with that put off. */
  keeps: boolean;
}

/** Nothing is fresh at any age, and nothing old is served. */
const NOTHING_KEPT = {
  FRESH_STATUS_MS: '0',
  FRESH_METERS_MS: '0',
  FRESH_ENDED_MS: '0',
  FRESH_NOTHING_MS: '0',
  STALE_MS: '0',
};

const OURS = { title: 'this gateway', file: 'src/node.ts', keeps: true };

/** In the order of the report. Neither logs nor counts, since no peer does. The peers keep nothing between operations by themselves: for them cold and warm are the same. */
export const PARTIES: readonly Party[] = [
  { ...OURS, name: 'ours', env: { PORT: '0', LOG_LEVEL: 'silent', METRICS: 'off' } },
  party('naive', 'Yoga + DataLoader + fetch', 'test/bench/parties/naive.ts'),
  party('apollo', 'Apollo Server + RESTDataSource', 'test/bench/peers/apollo.ts'),
  party('hive', 'Hive Gateway from OpenAPI', 'test/bench/peers/hive.ts'),
  party('mercurius', 'mercurius + graphql-jit', 'test/bench/peers/mercurius.ts'),
  party('floor', 'no GraphQL: node:http + undici', 'test/bench/parties/floor.ts'),
];

function party(name: string, title: string, file: string): Party {
  return { name, title, file, env: {}, keeps: false };
}

/** The same gateway, measured as if each operation were the first to ask. */
export function cold(party: Party): Party {
  return party.keeps ? { ...party, env: { ...party.env, ...NOTHING_KEPT } } : party;
}

/** The same gateway, sending as many requests a second as it can: it would wait for the upstream's limit otherwise. */
export function unpaced(party: Party): Party {
  return party.keeps ? { ...party, env: { ...party.env, REQUESTS_PER_SECOND: '0' } } : party;
}

/** The parties of these names; throws for a name that is none. */
export function partiesOf(names: readonly string[]): Party[] {
  return names.map((name) => {
    const found = PARTIES.find((party) => party.name === name);
    if (found === undefined) throw new Error(`--only: "${name}" is none of ${PARTIES.map(nameOf).join(', ')}.`);
    return found;
  });
}

function nameOf({ name }: Party): string {
  return name;
}
