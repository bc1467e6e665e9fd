import { formatNumber, quantile } from './statistics.ts';

export interface PressureRunSize {
  clients: number;
  livestreams: number;
  warmUpSeconds: number;
  seconds: number;
  /** The time from one start or stop to the next. */
  changeEverySeconds: number;
}

/** What was measured after the warm-up. */
export interface PressureResults {
  operations: number;
  /** The number of failed operations by the code of their first error. */
  failures: Map<string, number>;
  /** Upstream requests of the gateway, and those among them that got a 429. */
  received: number;
  rejected: number;
  /** How old each row was on arrival: each livestream in a look-up and in the list, and each session in the list. */
  agesMs: Record<'lookedUp' | 'listed' | 'sessions', number[]>;
  durationsMs: number[];
  /** From each start or stop to the first look-up that shows it. */
  changesMs: Record<'mutations' | 'webhooks', number[]>;
}

/** The greatest age that any row may have. */
const MAX_AGE_MS = 15_000;

export function emptyResults(): PressureResults {
  return {
    operations: 0,
    failures: new Map(),
    received: 0,
    rejected: 0,
    agesMs: { lookedUp: [], listed: [], sessions: [] },
    durationsMs: [],
    changesMs: { mutations: [], webhooks: [] },
  };
}

export function formatPressureReport(size: PressureRunSize, results: PressureResults): string {
  const { operations, failures, received, rejected, agesMs, durationsMs, changesMs } = results;
  const failed = [...failures.values()].reduce((sum, count) => sum + count, 0);
  const codes = [...failures].map(([code, count]) => `${count} × ${code}`).join(', ');
  const oldest = Math.max(...Object.values(agesMs).map((ages) => quantile(ages, 1)));
  const ageRow = (name: string, ages: readonly number[]): string =>
    `| ${[name, ...[0.5, 0.99, 1].map((fraction) => formatNumber(quantile(ages, fraction) / 1000))].join(' | ')} |`;
  const changeRow = (name: string, delaysMs: readonly number[]): string =>
    `| ${[name, delaysMs.length, ...[0.5, 1].map((fraction) => formatNumber(quantile(delaysMs, fraction)))].join(' | ')} |`;
  return [
    '# Reads under pressure',
    '',
    `${size.clients} clients, each with one look-up a second of one of ${size.livestreams} LIVE livestreams, and a dashboard that polls up to 50 of them with their sessions every 2 seconds, on 160 upstream requests per 40 seconds. Measured for ${size.seconds} seconds after ${size.warmUpSeconds} seconds of the same load.`,
    '',
    '| operations | failed | 429 responses | upstream requests | per 40 s | p50 ms | p99 ms |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    `| ${[operations, failed, rejected, received, (received * 40) / size.seconds, quantile(durationsMs, 0.5), quantile(durationsMs, 0.99)].map(formatNumber).join(' | ')} |`,
    ...(failed === 0 ? [] : ['', `Failures: ${codes}.`]),
    '',
    '| age of | p50 s | p99 s | oldest s |',
    '| --- | --- | --- | --- |',
    ageRow('livestreams in look-ups', agesMs.lookedUp),
    ageRow('livestreams in the list', agesMs.listed),
    ageRow('sessions in the list', agesMs.sessions),
    '',
    '| starts and stops | changes | seen after ms, p50 | at most |',
    '| --- | --- | --- | --- |',
    changeRow('mutations', changesMs.mutations),
    changeRow('webhooks', changesMs.webhooks),
    '',
    `Nothing failed: ${failed === 0 ? 'yes' : 'NO'}. No 429: ${rejected === 0 ? 'yes' : 'NO'}. Nothing older than ${MAX_AGE_MS / 1000} s: ${oldest <= MAX_AGE_MS ? 'yes' : 'NO'}.`,
    '',
  ].join('\n');
}
