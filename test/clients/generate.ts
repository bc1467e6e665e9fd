import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/**
 * `npm run generate`: downloads the schema from a running gateway into the folder of each client, as a team that uses this client
 * would, and runs the client's own generators there.
 */
const GENERATORS: Record<string, string[][]> = {
  apollo: [['graphql-codegen', '--silent']],
  urql: [['graphql-codegen', '--silent']],
  relay: [
    ['sh', '-c', "rm -rf __generated__ && echo '{}' > persisted-documents.json"],
    ['relay-compiler', '--output', 'quiet-with-errors'],
  ],
  'gql-tada': [
    ['gql.tada', 'generate-output'],
    ['gql.tada', 'generate-persisted'],
    ['gql.tada', 'check', '--fail-on-warn'],
  ],
  fetch: [['graphql-codegen', '--silent']],
};

const pathOf = (relativePath: string): string => fileURLToPath(new URL(relativePath, import.meta.url));

const schema = await downloadSchema();
for (const [client, commands] of Object.entries(GENERATORS)) {
  const cwd = pathOf(client);
  writeFileSync(`${cwd}/schema.graphql`, schema);
  for (const [command = '', ...args] of commands) execFileSync(command, args, { cwd, stdio: 'inherit' });
}

/** Starts the gateway for one request. */
async function downloadSchema(): Promise<string> {
  const env = { ...process.env, PORT: '0', SANDBOX_PORT: '0', LOG_LEVEL: 'warn' };
  const gateway = spawn(process.execPath, [pathOf('../../src/start.ts')], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    for await (const line of createInterface(gateway.stdout)) {
      const [endpoint] = /http:\S+\/graphql/.exec(line) ?? [];
      if (endpoint === undefined) continue;
      const response = await fetch(new URL('/schema.graphql', endpoint));
      if (!response.ok) throw new Error(`The gateway does not serve its schema: ${response.status}`);
      return await response.text();
    }
    throw new Error('The gateway ended without printing its address.');
  } finally {
    const exited = once(gateway, 'exit');
    if (gateway.kill()) await exited;
  }
}
