import { parseArgs } from 'node:util';

import { subgraphSdl } from './subgraph.ts';

const { values } = parseArgs({ options: { 'no-scopes': { type: 'boolean', default: false } } });
process.stdout.write(subgraphSdl({ scopes: !values['no-scopes'] }));
