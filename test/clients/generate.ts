import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * `npm run generate`: writes the gateway's schema into the folder of each client, as a team that uses this client would, and runs
 * the client's own generators there.
 */
const GENERATORS: Record<string, string[][]> = {
  apollo: [['graphql-codegen']],
  urql: [['graphql-codegen']],
  relay: [],
  'gql-tada': [],
  fetch: [],
};

const schema = execFileSync('npm', ['run', '--silent', 'schema'], { encoding: 'utf8', cwd: '../..' });

for (const [client, commands] of Object.entries(GENERATORS)) {
  const cwd = fileURLToPath(new URL(client, import.meta.url));
  writeFileSync(`${cwd}/schema.graphql`, schema);
  for (const [command = '', ...args] of commands) execFileSync(command, args, { cwd, stdio: 'inherit' });
}
