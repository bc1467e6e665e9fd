import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { PARTIES, partiesOf, type Party } from './parties.ts';

/** What the command line says. */
export interface Options {
  /** `compare`: all parties side by side; `live`: this gateway with many who watch. */
  what: 'compare' | 'live';
  parties: Party[];
  /** One round of a few operations: shows that everything works, and measures nothing. */
  isShort: boolean;
  withEconomy: boolean;
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
      'skip-economy': { type: 'boolean', default: false },
      out: { type: 'string', default: fileURLToPath(new URL('results', import.meta.url)) },
    },
  });
  const [what = 'compare', ...others] = positionals;
  if ((what !== 'compare' && what !== 'live') || others.length > 0)
    throw new Error(`There is no benchmark "${positionals.join(' ')}": leave it out, or say "live".`);
  return {
    what,
    parties: values.only === undefined ? [...PARTIES] : partiesOf(values.only.split(',')),
    isShort: values.short,
    withEconomy: !values.short && !values['skip-economy'],
    out: values.out,
  };
}
