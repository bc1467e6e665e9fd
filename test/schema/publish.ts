import { readFile, writeFile } from 'node:fs/promises';

import { subgraphSdl } from '../../src/graphql/subgraphSdl.ts';
import { ACKNOWLEDGED, explainUnacknowledged, PUBLISHED, readAcknowledged, unacknowledged } from './changes.ts';

const [schemaFile = PUBLISHED, acknowledgedFile = ACKNOWLEDGED] = process.argv.slice(2);
const published = await readFile(schemaFile, 'utf8');
const acknowledged = readAcknowledged(await readFile(acknowledgedFile, 'utf8'));
const present = subgraphSdl();
const breaking = await unacknowledged(published, present, acknowledged);

if (breaking.length > 0) {
  process.stderr.write(`${explainUnacknowledged(breaking)}\n`);
  process.exitCode = 1;
} else {
  const entries = acknowledged.map(({ change, reason }) => ({ change, reason, published: true }));
  await writeFile(schemaFile, present);
  await writeFile(acknowledgedFile, `${JSON.stringify(entries, null, 2)}\n`);
}
