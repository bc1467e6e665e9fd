import { parseArgs } from 'node:util';

import { subgraphSdl } from '../graphql/subgraphSdl.ts';

/** `npm run schema`: prints the SDL of the subgraph for a schema registry. */
const scopes = parseScopesOption();
if (scopes === null) {
  console.error('Usage: npm run --silent schema -- [--no-scopes]');
  process.exitCode = 1;
} else {
  process.stdout.write(subgraphSdl({ scopes }));
}

/** Returns whether to print the scopes; null if the arguments are invalid. */
function parseScopesOption(): boolean | null {
  try {
    return !parseArgs({ options: { 'no-scopes': { type: 'boolean', default: false } } }).values['no-scopes'];
  } catch {
    return null;
  }
}
