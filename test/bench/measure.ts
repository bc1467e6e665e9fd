import { type Contestant, nameOf } from './contestants.ts';
import { quantile } from './numbers.ts';
import { type BenchQuery, bodyOf, type Operations, QUERIES } from './queries.ts';
import type { BenchRecording } from './upstream.ts';

/** How thorough a run is. */
export interface Effort {
  rounds: Record<'cpu' | 'prompt' | 'late', number>;
  operations: (query: BenchQuery) => Operations;
}

export const FULL: Effort = { rounds: { cpu: 5, prompt: 5, late: 3 }, operations: ({ operations }) => operations };
export const SHORT: Effort = {
  rounds: { cpu: 1, prompt: 1, late: 1 },
  operations: () => ({ warmUp: 1, cpu: 5, prompt: 3, late: 1 }),
};

/** Milliseconds that the slow upstream takes for each answer. */
export const LATE_MS = 50;

/** One contestant's figures for one query. */
export interface Measured {
  contestant: Contestant;
  query: BenchQuery;
  /** Upstream requests for each operation, as the upstream counted them. */
  requests: number;
  /** Of the server's process, in microseconds for each operation; one figure a round, all contestants' rounds taken in turn. */
  cpu: number[];
  prompt: Spread;
  /** With the slow upstream; absent for what asks it nothing. */
  late?: Spread;
}

/** How long operations took that were sent one after the other, in milliseconds. */
export interface Spread {
  p50: number;
  p99: number;
}

interface Sample {
  requests: number;
  cpu: number;
  milliseconds: number[];
}

/** What a round is. */
interface Round {
  query: BenchQuery;
  upstream: BenchRecording;
  lanes: number;
  operations: number;
}

/** Every contestant with every query. */
export async function measure(
  contestants: readonly Contestant[],
  upstream: BenchRecording,
  effort: Effort,
  note: (line: string) => void,
): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (const query of QUERIES) {
    note(`measuring ${query.name}`);
    const rows = await measureQuery(query, contestants, upstream, effort);
    measured.push(...rows);
  }
  checkRequests(measured);
  return measured;
}

async function measureQuery(
  query: BenchQuery,
  contestants: readonly Contestant[],
  upstream: BenchRecording,
  { rounds, operations }: Effort,
): Promise<Measured[]> {
  const { warmUp, cpu, prompt, late } = operations(query);
  const round = { query, upstream, lanes: query.lanes, operations: cpu };
  for (const contestant of contestants) await sample(contestant, { ...round, operations: warmUp });
  const busy = await takeTurns(contestants, round, rounds.cpu);
  const single = await takeTurns(contestants, { ...round, lanes: 1, operations: prompt }, rounds.prompt);
  await upstream.setLatency(LATE_MS);
  const slow = await takeTurns(contestants, { ...round, lanes: 1, operations: late }, query.requests && rounds.late);
  await upstream.setLatency(0);
  return contestants.map((contestant, index): Measured => {
    const samples = busy[index] ?? [];
    const row = {
      contestant,
      query,
      requests: samples.reduce((sum, { requests }) => sum + requests, 0) / samples.length,
      cpu: samples.map(({ cpu }) => cpu),
      prompt: spreadOf(single[index]),
    };
    return query.requests === 0 ? row : { ...row, late: spreadOf(slow[index]) };
  });
}

/**
 * So many rounds, and each contestant's samples of them. Each round begins with another contestant, so that a busy moment of the
 * machine strikes no one of them in every round.
 */
async function takeTurns(contestants: readonly Contestant[], round: Round, rounds: number): Promise<Sample[][]> {
  const samples = contestants.map((): Sample[] => []);
  for (let turn = 0; turn < rounds * contestants.length; turn += 1) {
    const index = (turn + Math.floor(turn / contestants.length)) % contestants.length;
    const contestant = contestants[index];
    if (contestant !== undefined) samples[index]?.push(await sample(contestant, round));
  }
  return samples;
}

async function sample({ client, program }: Contestant, round: Round): Promise<Sample> {
  const { query, upstream, lanes, operations } = round;
  const milliseconds: number[] = [];
  let started = 0;
  const runLane = async (body: string): Promise<void> => {
    while (started < operations) {
      started += 1;
      milliseconds.push((await client.ask(body)).milliseconds);
    }
  };
  await upstream.forgetRequests();
  const before = await program.usage();
  await Promise.all(upstream.meetingIds.slice(0, lanes).map(async (id) => runLane(bodyOf(query, id))));
  const after = await program.usage();
  const requests = (await upstream.received()) / operations;
  return { requests, cpu: (after.cpuMicroseconds - before.cpuMicroseconds) / operations, milliseconds };
}

function spreadOf(samples: readonly Sample[] = []): Spread {
  const milliseconds = samples.flatMap((sample) => sample.milliseconds);
  return { p50: quantile(milliseconds, 0.5), p99: quantile(milliseconds, 0.99) };
}

/** Who makes fewer requests than it has to, while nothing is kept, is not measured at what the others are. */
function checkRequests(measured: readonly Measured[]): void {
  for (const { contestant, query, requests } of measured) {
    if (!contestant.party.keeps && requests !== query.requests) {
      throw new Error(
        `${nameOf(contestant)} took ${requests} upstream requests for "${query.name}", not ${query.requests}.`,
      );
    }
  }
}
