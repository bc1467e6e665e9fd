import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { QUICK_SERVERS, selectServers, SERVER_SPECS, type ServerSpec } from './serverSpecs.ts';

const BENCHMARKS = [
  'compare',
  'start',
  'live',
  'pressure',
  'fairness',
  'freshness',
  'soak',
  'workers',
  'viewers',
] as const;

/** The command-line options. */
export interface BenchOptions {
  /**
   * `compare`: all servers; `start`: only the time to their first answer; `live`: subscriptions of this gateway; `pressure`: its
   * reads on a small request budget; `fairness`: callers that share a budget; `freshness`: many clients that poll through a shared
   * cache, and one that is purged; `soak`: several replicas under load and chaos; `workers`: the gateway on Cloudflare Workers and on
   * Node.js; `viewers`: subscriptions on Cloudflare Workers.
   */
  benchmark: (typeof BENCHMARKS)[number];
  servers: ServerSpec[];
  /** `quick` is for daily use. `short` only shows that everything works: its figures mean nothing. */
  size: 'full' | 'quick' | 'short';
  includesDashboards: boolean;
  /** The duration of a soak test, or of a run with viewers. */
  minutes: number;
  /** The seed of everything random in a soak test. */
  seed: number;
  /** The folder that the reports are written to. */
  outputFolder: string;
}

/** Parses the command line. Throws for unknown or invalid options. */
export function parseOptions(args: string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      only: { type: 'string' },
      quick: { type: 'boolean', default: false },
      short: { type: 'boolean', default: false },
      'skip-dashboards': { type: 'boolean', default: false },
      minutes: { type: 'string' },
      seed: { type: 'string' },
      out: { type: 'string', default: fileURLToPath(new URL('results', import.meta.url)) },
    },
  });
  const [name = 'compare', ...extraArguments] = positionals;
  const benchmark = BENCHMARKS.find((known) => known === name);
  if (benchmark === undefined || extraArguments.length > 0)
    throw new Error(`There is no benchmark "${positionals.join(' ')}". Choose from ${BENCHMARKS.join(', ')}.`);
  return {
    benchmark,
    servers: selectServers(
      values.only?.split(',') ?? (values.quick ? QUICK_SERVERS : SERVER_SPECS.map((spec) => spec.name)),
    ),
    size: values.short ? 'short' : values.quick ? 'quick' : 'full',
    includesDashboards: !values.short && !values.quick && !values['skip-dashboards'],
    minutes: parseInteger('--minutes', values.minutes ?? (values.short ? '1' : '10'), 120),
    seed: parseInteger('--seed', values.seed ?? String(Date.now() % 1_000_000), 2 ** 31),
    outputFolder: values.out,
  };
}

function parseInteger(option: string, text: string, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= max) return value;
  throw new Error(`${option}: "${text}" must be an integer from 1 to ${max}.`);
}
