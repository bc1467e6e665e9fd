import { quantile, shown } from '../numbers.ts';
import { EXPLAINED } from './explained.ts';
import type { Held } from './replica.ts';
import { type Figures, growthOf, type Verdict } from './verdict.ts';
import { mostInWindow } from './windows.ts';

/** All of a run, in Markdown. */
export function writeReport(figures: Figures, verdicts: readonly Verdict[], how: string): string {
  return [
    '# Soak and chaos',
    '',
    how,
    '',
    ...section('Promises', ['promise', 'found', ''], promises(verdicts)),
    ...section('Operations', ['kind', 'sent', 'without errors', 'p50 ms', 'p99 ms'], operations(figures)),
    ...section('Errors', ['code', 'operations and events', 'how it comes about'], codes(figures)),
    ...section('Broken connections', ['because of', 'count'], pairs(figures.broken)),
    ...section('What was done to it', ['what', 'times'], chaos(figures)),
    ...section('Upstream and livestreams', ['what', 'count'], upstream(figures)),
    ...section('Upstream requests', ['route', 'count'], pairs(figures.harvest.routes)),
    ...section('The replica that was never ended', ['what', 'fresh', 'warm', 'at the end'], control(figures)),
    ...section('Logged as errors', ['message', 'lines'], pairs(figures.errors)),
  ].join('\n');
}

function section(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.map(escaped).join(' | ')} |`;
  const table = [line(head), line(head.map(() => '---')), ...rows.map(line)];
  return [`## ${title}`, '', ...(rows.length === 0 ? ['None.'] : table), ''];
}

function escaped(cell: string): string {
  return cell.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function promises(verdicts: readonly Verdict[]): string[][] {
  return verdicts.map(({ what, found, isKept }) => [what, found, isKept ? 'kept' : '**BROKEN**']);
}

function operations({ kinds, givenUp }: Figures): string[][] {
  const rows = [...kinds].toSorted(([one], [other]) => (one < other ? -1 : 1));
  const all = rows.map(([, outcomes]) => outcomes);
  const sum = (of: 'sent' | 'whole'): string => shown(all.reduce((total, outcomes) => total + outcomes[of], 0));
  return [
    ...rows.map(([kind, { sent, whole, milliseconds }]) => [
      kind,
      shown(sent),
      shown(whole),
      time(milliseconds, 0.5),
      time(milliseconds, 0.99),
    ]),
    ['all', sum('sent'), sum('whole'), '-', '-'],
    ['given up', shown(givenUp), '-', '-', '-'],
  ];
}

/** An event has no time of its own. */
function time(milliseconds: readonly number[], share: number): string {
  const value = quantile(milliseconds, share);
  return value === 0 ? '-' : shown(value);
}

function codes({ codes }: Figures): string[][] {
  return [...codes].map(([code, count]) => [code, shown(count), EXPLAINED.get(code) ?? '**not explained**']);
}

function pairs(counts: ReadonlyMap<string, number>): string[][] {
  return [...counts].map(([what, count]) => [what, shown(count)]);
}

function chaos({ endings, redis, faults }: Figures): string[][] {
  const armed = [...faults].map(([kind, count]): [string, number] => [`upstream: ${kind}, at most`, count]);
  const replicas = [...endings].map(([how, count]): [string, number] => [`replica: ${how}, started again`, count]);
  return pairs(new Map([...replicas, ...redis, ...armed]));
}

function upstream({ harvest, quota, wants, repeated, created, viewers }: Figures): string[][] {
  const most = mostInWindow(harvest.times, quota.windowSeconds * 1000);
  const once = [...created.values()].filter((count) => count === 1).length;
  const backs = wants.filter(({ told }) => told === 'by reading back').length;
  const figures: [string, number][] = [
    ['upstream requests', harvest.times.length],
    [`the most in one of upstream's windows of ${quota.windowSeconds} s`, most.counted],
    [`the most in any ${quota.windowSeconds} s`, most.anywhere],
    ['429s', harvest.refused],
    ['livestreams wanted', wants.length],
    ['livestreams created exactly once', once],
    ['known to run by reading back alone', backs],
    ['starts repeated after reading back', repeated],
    ['starts sent upstream', harvest.starts],
    ['stops sent upstream', harvest.stops],
    ['viewers that came', viewers.came],
    ['viewers at the end', viewers.survived],
    ['seconds until they all knew what is so', viewers.seconds],
  ];
  return figures.map(([what, count]) => [what, shown(count)]);
}

function control(figures: Figures): string[][] {
  const { fresh, warm, end } = figures.control;
  const looks = [fresh, warm, end];
  const row = (what: string, value: (held: Held) => number): string[] => [what, ...looks.map(value).map(shown)];
  const types = new Set(looks.flatMap(({ resources }) => Object.keys(resources)));
  return [
    row('heap, KB', ({ heapBytes }) => heapBytes / 1024),
    row('resident, KB', ({ residentBytes }) => residentBytes / 1024),
    row('open sockets', ({ sockets }) => sockets),
    ...[...types].map((type) => row(type, ({ resources }) => resources[type] ?? 0)),
    ['heap, growth since warm', '-', '-', `${(100 * growthOf(figures)).toFixed(1)} %`],
  ];
}
