import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { PARTIES, partiesOf, type Party } from './parties.ts';

const KINDS = ['compare', 'live', 'soak'] as const;

/** What the command line says. */
export interface Options {
  /** `compare`: all parties side by side; `live`: this gateway with many who watch; `soak`: several replicas under load and chaos. */
  what: (typeof KINDS)[number];
  parties: Party[];
  /** One round of a few operations: shows that everything works, and measures nothing. */
  isShort: boolean;
  withEconomy: boolean;
  /** How long a soak is. */
  minutes: number;
  /** What all that is random in a soak follows from. */
  seed: number;
  /** The folder that the results are written to. */
  out: string;
}

/** Reads the command line; throws for what it does not know. */
export function readOptions(args: string[]): Options {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      only: { type: 'string' },
      short: { type: 'boolean', default: false },
      'skip-caching': { type: 'boolean', default: false },
      minutes: { type: 'string' },
      seed: { type: 'string' },
      out: { type: 'string', default: fileURLToPath(new URL('results', import.meta.url)) },
    },
  });
  const [asked = 'compare', ...others] = positionals;
  const what = KINDS.find((kind) => kind === asked);
  if (what === undefined || others.length > 0)
    throw new Error(`There is no benchmark "${positionals.join(' ')}": leave it out, or say "live" or "soak".`);
  return {
    what,
    parties: values.only === undefined ? [...PARTIES] : partiesOf(values.only.split(',')),
    isShort: values.short,
    withEconomy: !values.short && !values['skip-caching'],
    minutes: readNumber('--minutes', values.minutes ?? (values.short ? '1' : '10'), 120),
    seed: readNumber('--seed', values.seed ?? String(Date.now() % 1_000_000), 2 ** 31),
    out: values.out,
  };
}

function readNumber(option: string, text: string, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= most) return value;
  throw new Error(`${option}: "${text}" is not a whole number from 1 to ${most}.`);
}
