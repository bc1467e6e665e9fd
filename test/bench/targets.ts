import { LATE_MS, type Measured } from './measure.ts';
import { median } from './numbers.ts';
import type { BenchQuery } from './queries.ts';

/** What this gateway is to reach against another party, as a ratio of CPU time per operation in the same run. */
interface Target {
  query: BenchQuery['name'];
  mode: 'cold' | 'warm';
  against: string;
  most: number;
}

const TARGETS: readonly Target[] = [
  { query: 'typename', mode: 'cold', against: 'naive', most: 0.4 },
  { query: 'meeting', mode: 'cold', against: 'naive', most: 0.27 },
  { query: 'meeting', mode: 'cold', against: 'floor', most: 2.3 },
  { query: 'meeting', mode: 'warm', against: 'naive', most: 0.18 },
  { query: 'fifty', mode: 'cold', against: 'naive', most: 0.22 },
  { query: 'fifty', mode: 'cold', against: 'apollo', most: 0.15 },
  { query: 'fifty', mode: 'warm', against: 'naive', most: 0.03 },
];

/** The list, and then all sessions at once: two round trips are the least that the query can take. */
const IDEAL_MS = 2 * LATE_MS;
const MOST_OF_IDEAL = 1.1;

/** A target beside what this run gave. */
export interface Verdict {
  what: string;
  most: number;
  measured: number;
  isMet: boolean;
}

/** All targets that the run's parties allow to judge. */
export function judge(measured: readonly Measured[]): Verdict[] {
  return [...TARGETS.flatMap((target) => judgeCpu(target, measured)), ...judgeDelay(measured)];
}

function judgeCpu({ query, mode, against, most }: Target, measured: readonly Measured[]): Verdict[] {
  const ours = find(measured, query, 'ours', mode);
  const theirs = find(measured, query, against, 'cold');
  if (ours === undefined || theirs === undefined) return [];
  return [verdict(`CPU of \`${query}\`, ${mode}, against ${against}`, most, ratio(ours, theirs))];
}

function judgeDelay(measured: readonly Measured[]): Verdict[] {
  const ours = find(measured, 'fifty', 'ours', 'cold')?.late?.p50;
  const floor = find(measured, 'fifty', 'floor', 'cold')?.late?.p50;
  if (ours === undefined) return [];
  const what = `p50 of \`fifty\`, cold, at ${LATE_MS} ms upstream`;
  const best = floor === undefined ? [] : [verdict(`${what}, against floor`, MOST_OF_IDEAL, ours / floor)];
  return [verdict(`${what}, against two round trips (${IDEAL_MS} ms)`, MOST_OF_IDEAL, ours / IDEAL_MS), ...best];
}

function verdict(what: string, most: number, measured: number): Verdict {
  return { what, most, measured, isMet: measured <= most };
}

/**
 * Of CPU per operation: the median of each round's ratio, since what slows the machine for a while slows both of a round. NaN where
 * one of them has no rounds.
 */
export function ratio(one: Measured, other: Measured): number {
  return median(one.cpu.map((cpu, round) => cpu / (other.cpu[round] ?? NaN)));
}

/** A party's figures for a query; absent when it does not take part. */
export function find(
  measured: readonly Measured[],
  query: BenchQuery['name'],
  party: string,
  mode: 'cold' | 'warm',
): Measured | undefined {
  return measured.find(
    (row) => row.query.name === query && row.contestant.party.name === party && row.contestant.mode === mode,
  );
}
