import { quantile } from '../statistics.ts';
import type { Outcomes } from './askers.ts';

/** The quota that upstream enforces. */
export interface FairnessQuota {
  limit: number;
  windowSeconds: number;
}

/** What was measured with one number of replicas. */
export interface FairnessRun {
  replicas: number;
  quota: FairnessQuota;
  /** The caller that asks for one thing a second: without and with the other one. */
  alone: Outcomes;
  beside: Outcomes;
  /** The caller that asks without limit. */
  greedy: Outcomes;
  /** The most requests that upstream has received in one of its windows. */
  peak: number;
  /** Requests that upstream has rejected. */
  rejected: number;
  /** The requests in each window that passed while the greedy caller was waiting. */
  perWindow: number[];
}

/** A promise, and whether a run kept it. */
export interface FairnessCheck {
  promise: string;
  finding: string;
  hasPassed: boolean;
}

const MIN_SERVED = 0.99;
const MAX_SLOWDOWN = 1.2;
const MAX_IDLE = 0.05;

export function checkFairness(run: FairnessRun): FairnessCheck[] {
  const { alone, beside, peak, quota, rejected, perWindow, greedy } = run;
  const slowdown = quantile(beside.servedMs, 0.99) / quantile(alone.servedMs, 0.99);
  const idle = Math.max(...perWindow.map((used) => (quota.limit - used) / quota.limit));
  const unexpected = [...greedy.refused.keys()].filter((reason) => reason !== 'RATE_LIMITED caller');
  const names = run.replicas === 1 ? 'one replica' : `${run.replicas} replicas`;
  return [
    {
      promise: `The polite caller is served in 99 % of its operations (${names})`,
      finding: percent(servedRatio(beside)),
      hasPassed: servedRatio(beside) >= MIN_SERVED,
    },
    {
      promise: `Its p99 is at most ${MAX_SLOWDOWN} times what it is alone (${names})`,
      finding: slowdown.toFixed(2),
      hasPassed: slowdown <= MAX_SLOWDOWN,
    },
    {
      promise: `No window has more than ${quota.limit} requests, and none is rejected (${names})`,
      finding: `${peak}, ${rejected} rejected`,
      hasPassed: peak <= quota.limit && rejected === 0,
    },
    {
      promise: `At most 5 % of a window are idle when it ends (${names})`,
      finding: perWindow.length === 0 ? 'no window' : percent(idle),
      hasPassed: idle <= MAX_IDLE && perWindow.length > 0,
    },
    {
      promise: `The greedy caller is told that its own share is used up (${names})`,
      finding: unexpected.join(', ') || 'RATE_LIMITED caller',
      hasPassed: unexpected.length === 0 && greedy.refused.size > 0,
    },
  ];
}

export function formatFairnessReport(runs: readonly FairnessRun[], setup: string): string {
  const rows = runs.map(({ replicas, alone, beside, greedy, peak, quota, perWindow }) => [
    String(replicas),
    `${beside.servedMs.length} of ${countOf(beside)}`,
    `${milliseconds(alone, 0.5)} / ${milliseconds(beside, 0.5)}`,
    `${milliseconds(alone, 0.99)} / ${milliseconds(beside, 0.99)}`,
    `${greedy.servedMs.length} of ${countOf(greedy)}`,
    `${peak} of ${quota.limit}`,
    perWindow.map((used) => quota.limit - used).join(', ') || '-',
  ]);
  const header = [
    'Replicas',
    'Polite: served',
    'Polite: p50 alone / beside',
    'Polite: p99 alone / beside',
    'Greedy: served',
    'Most requests in a window',
    'Idle at the end of windows',
  ];
  const checks = runs.flatMap(checkFairness);
  return [
    '# A fair share of the request budget',
    '',
    setup,
    '',
    ...[header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`),
    '',
    ...checks.map(
      ({ promise, finding, hasPassed }) => `- ${hasPassed ? 'Kept' : '**Broken**'}: ${promise}: ${finding}`,
    ),
    '',
  ].join('\n');
}

const countOf = ({ servedMs, refused }: Outcomes): number =>
  servedMs.length + refused.values().reduce((sum, count) => sum + count, 0);
const servedRatio = (outcomes: Outcomes): number => outcomes.servedMs.length / countOf(outcomes);
const percent = (ratio: number): string => `${(100 * ratio).toFixed(1)} %`;
const milliseconds = ({ servedMs }: Outcomes, fraction: number): string =>
  `${quantile(servedMs, fraction).toFixed(0)} ms`;
