import { setTimeout as wait } from 'node:timers/promises';

import type { QuotaSettings } from '../../src/sandbox/settings.ts';
import { endContestant, startContestant } from './contestants.ts';
import { at, listAt } from './json.ts';
import { type Answer, type Client, createClient } from './load.ts';
import { LATE_MS } from './measure.ts';
import { quantile } from './numbers.ts';
import type { Party } from './parties.ts';
import { bodyOf, DASHBOARD } from './queries.ts';
import { startSandbox } from './upstream.ts';

type Quota = Omit<QuotaSettings, 'enforced'>;

/** One quota, and what became of each party under it. */
export interface EconomyRun {
  quota: Quota;
  clients: number;
  seconds: number;
  results: EconomyResult[];
}

export interface EconomyResult {
  party: Party;
  /** Operations. */
  sent: number;
  /** Operations whose answer had every row and no error. */
  served: number;
  /** Operations with an error, by the code of its first one. */
  failures: Map<string, number>;
  /** Upstream requests, and how many of them were refused with a 429. */
  received: number;
  refused: number;
  /** Of what was served: the greatest age of a row on its arrival at the client. */
  oldestSeconds: number;
  /** Milliseconds, of all operations. */
  p50: number;
  p99: number;
}

/** The vendor's own limit, and the same four requests a second in a window so short that it turns during the run. */
const QUOTAS: readonly Quota[] = [
  { limit: 1200, windowSeconds: 300, lockSeconds: 300 },
  { limit: 240, windowSeconds: 60, lockSeconds: 300 },
];

const CLIENTS = 200;
const EVERY_MS = 2000;
const SECONDS = 60;
/** Side by side, each with a simulated API of its own; more of them would keep each other from the processor. */
const AT_ONCE = 3;

/** Every party under every quota. */
export async function runEconomy(parties: readonly Party[], note: (line: string) => void): Promise<EconomyRun[]> {
  const runs: EconomyRun[] = [];
  for (const quota of QUOTAS) {
    const results: EconomyResult[] = [];
    for (let next = 0; next < parties.length; next += AT_ONCE) {
      const group = parties.slice(next, next + AT_ONCE);
      note(`economy, ${quota.limit} in ${quota.windowSeconds} s: ${group.map(({ name }) => name).join(', ')}`);
      results.push(...(await Promise.all(group.map(async (party) => runParty(party, quota)))));
    }
    runs.push({ quota, clients: CLIENTS, seconds: SECONDS, results });
  }
  return runs;
}

async function runParty(party: Party, quota: Quota): Promise<EconomyResult> {
  const upstream = await startSandbox({
    latencyMs: LATE_MS,
    quota: { ...quota, enforced: true },
    shapes: { updatedAt: 'now' },
  });
  const contestant = await startContestant(party, 'warm', upstream);
  const clients = Array.from({ length: CLIENTS }, () => createClient(contestant.program.origin, 1));
  try {
    // Whatever a party asked while it started is forgotten in the count, yet not in the quota.
    await upstream.forgetRequests();
    const tally = new Tally();
    const began = performance.now();
    await Promise.all(
      clients.map(async (client, index) =>
        poll(client, began + (index * EVERY_MS) / CLIENTS, began + SECONDS * 1000, tally),
      ),
    );
    return tally.result(party, await upstream.counts());
  } finally {
    await Promise.all(clients.map(async (client) => client.close()));
    await endContestant(contestant);
    await upstream.end();
  }
}

/** One dashboard. It asks at its own fixed moments; while an answer is still to come it leaves moments out. */
async function poll(client: Client, first: number, end: number, tally: Tally): Promise<void> {
  const body = bodyOf(DASHBOARD, '');
  for (let moment = first; moment < end; moment += EVERY_MS) {
    const ahead = moment - performance.now();
    if (ahead < -EVERY_MS) continue;
    if (ahead > 0) await wait(ahead);
    tally.sent += 1;
    const answer = await client.ask(body).catch(() => null);
    if (answer === null) tally.fail('no answer');
    else tally.take(answer, Date.now());
  }
}

/** Counts what the clients see. */
class Tally {
  sent = 0;
  readonly #failures = new Map<string, number>();
  readonly #milliseconds: number[] = [];
  readonly #ages: number[] = [];

  take({ status, text, milliseconds }: Answer, arrivedAt: number): void {
    this.#milliseconds.push(milliseconds);
    const body: unknown = status === 200 ? JSON.parse(text) : null;
    const failure = body === null ? `HTTP ${status}` : failureOf(body);
    if (failure === undefined) this.#ages.push(arrivedAt - oldestIn(body));
    else this.fail(failure);
  }

  fail(code: string): void {
    this.#failures.set(code, (this.#failures.get(code) ?? 0) + 1);
  }

  result(party: Party, counts: { received: number; refused: number }): EconomyResult {
    return {
      party,
      sent: this.sent,
      served: this.#ages.length,
      failures: this.#failures,
      ...counts,
      oldestSeconds: quantile(this.#ages, 1) / 1000,
      p50: quantile(this.#milliseconds, 0.5),
      p99: quantile(this.#milliseconds, 0.99),
    };
  }
}

/** The first error's code, or what else is wrong with the answer; undefined when nothing is. */
function failureOf(body: unknown): string | undefined {
  const [error] = listAt(body, 'errors');
  if (error !== undefined) return codeOf(error);
  const nodes = listAt(body, 'data', 'livestreams', 'nodes');
  const isWhole = nodes.length === 50 && nodes.every((node) => at(node, 'activeSession', 'id') !== undefined);
  return isWhole ? undefined : 'rows missing';
}

function codeOf(error: unknown): string {
  const code = at(error, 'extensions', 'code');
  return typeof code === 'string' ? code : 'without a code';
}

/** The oldest row's moment, in milliseconds since the Unix epoch. */
function oldestIn(body: unknown): number {
  const nodes = listAt(body, 'data', 'livestreams', 'nodes');
  const moments = nodes.flatMap((node) => [at(node, 'updatedAt'), at(node, 'activeSession', 'updatedAt')]);
  return Math.min(...moments.map((moment) => Date.parse(String(moment))));
}
