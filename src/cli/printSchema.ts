import { parseArgs } from 'node:util';

import { subgraphSdl } from '../graphql/subgraphSdl.ts';

/** Prints the schema for a registry: `npm run schema`. */
function main(): void {
  const scopes = readScopes();
  if (scopes === null) {
    console.error('Usage: npm run --silent schema -- [--no-scopes]');
    process.exitCode = 1;
  } else {
    process.stdout.write(subgraphSdl({ scopes }));
  }
}

/** Null: the arguments are not ours. */
function readScopes(): boolean | null {
  try {
    return !parseArgs({ options: { 'no-scopes': { type: 'boolean', default: false } } }).values['no-scopes'];
  } catch {
    return null;
  }
}

main();
