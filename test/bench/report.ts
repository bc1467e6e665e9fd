import { nameOf } from './contestants.ts';
import type { EconomyRun } from './economy.ts';
import { LATE_MS, type Measured } from './measure.ts';
import { median, shown } from './numbers.ts';
import { QUERIES } from './queries.ts';
import { find, judge, ratio } from './targets.ts';

const BASES = ['naive', 'apollo', 'floor'] as const;

/** All of a run, in Markdown. */
export function writeReport(measured: readonly Measured[], economy: readonly EconomyRun[], how: string): string {
  return [
    '# Benchmark',
    '',
    how,
    '',
    ...QUERIES.flatMap((query) =>
      querySection(
        query.title,
        measured.filter((row) => row.query === query),
      ),
    ),
    ...targetSection(measured),
    ...economy.flatMap(economySection),
  ].join('\n');
}

function querySection(title: string, rows: readonly Measured[]): string[] {
  return [`## ${title}`, '', ...queryTable(rows), ''];
}

function queryTable(rows: readonly Measured[]): string[] {
  const bases = BASES.filter((name) => rows.some(({ contestant }) => contestant.party.name === name));
  return table(
    [
      'query',
      'party',
      'what it is',
      'upstream requests',
      'CPU µs',
      ...bases.map((name) => `CPU / ${name}`),
      'p50 ms',
      'p99 ms',
      `p50 at ${LATE_MS} ms`,
      `p99 at ${LATE_MS} ms`,
    ],
    rows.map((row) => [
      row.query.name,
      nameOf(row.contestant),
      row.contestant.party.title,
      shown(row.requests),
      shown(median(row.cpu)),
      ...bases.map((name) => shown(against(row, rows, name))),
      shown(row.prompt.p50),
      shown(row.prompt.p99),
      row.late === undefined ? '-' : shown(row.late.p50),
      row.late === undefined ? '-' : shown(row.late.p99),
    ]),
  );
}

function against(row: Measured, rows: readonly Measured[], party: string): number {
  const other = find(rows, row.query.name, party, 'cold');
  return other === undefined ? NaN : ratio(row, other);
}

function targetSection(measured: readonly Measured[]): string[] {
  const verdicts = judge(measured);
  if (verdicts.length === 0) return [];
  return [
    '## Targets',
    '',
    ...table(
      ['this gateway', 'at most', 'measured', ''],
      verdicts.map(({ what, most, measured, isMet }) => [
        what,
        shown(most),
        shown(measured),
        isMet ? 'met' : 'NOT met',
      ]),
    ),
    '',
  ];
}

function economySection({ quota, clients, seconds, results }: EconomyRun): string[] {
  return [
    `## Economy: ${quota.limit} requests in ${quota.windowSeconds} s`,
    '',
    `${clients} dashboards ask for 50 LIVE livestreams with their sessions every 2 s, for ${seconds} s. Who passes the limit is locked out for ${quota.lockSeconds} s.`,
    '',
    ...table(
      ['party', 'sent', 'served whole', 'with errors', '429s', 'upstream requests', 'oldest, s', 'p50 ms', 'p99 ms'],
      results.map((result) => [
        result.party.name,
        shown(result.sent),
        shown(result.served),
        result.failures.size === 0 ? '0' : [...result.failures].map(([code, count]) => `${count} ${code}`).join(', '),
        shown(result.refused),
        shown(result.received),
        shown(result.oldestSeconds),
        shown(result.p50),
        shown(result.p99),
      ]),
    ),
    '',
  ];
}

function table(head: string[], rows: string[][]): string[] {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
