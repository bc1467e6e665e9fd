import { type SandboxServer, startSandboxServer } from './server.ts';

const DEFAULT_PORT = 4001;
const DEFAULT_HOST = '127.0.0.1';

/** The sandbox alone: `npm run sandbox`. */
async function main(): Promise<void> {
  const port = readPort(process.env['SANDBOX_PORT']);
  const host = process.env['SANDBOX_HOST'] || DEFAULT_HOST;
  if (port === undefined) return fail('not a whole number from 0 to 65535.');
  try {
    const server = await startSandboxServer({ port, host });
    closeOnSignal(server);
    announce(server);
  } catch (error) {
    fail(`${port} of ${host} cannot be listened on (${error instanceof Error ? error.message : String(error)}).`);
  }
}

function readPort(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return DEFAULT_PORT;
  const port = Number(text);
  return /^\d{1,5}$/.test(text) && port <= 65_535 ? port : undefined;
}

function fail(problem: string): void {
  console.error(`SANDBOX_PORT: ${problem} Example: SANDBOX_PORT=4011`);
  process.exitCode = 1;
}

function announce({ url, keyUrl, origin, sandbox }: SandboxServer): void {
  const app = `${url}/accounts/any-account/realtime/kit/any-app`;
  const ids = Object.entries(sandbox.exampleIds).map(([name, id]) => `  ${name.padEnd(24)} ${id}`);
  const lines = [
    `The simulated RealtimeKit API is at ${url} (any account, any app, any bearer token)`,
    `The public key of its webhooks is at ${keyUrl}`,
    '',
    'Ids to try:',
    ...ids,
    '',
    'Ask the API:',
    `  curl -H 'Authorization: Bearer any' ${app}/meetings/${sandbox.exampleIds.liveMeetingId}/active-livestream`,
    'Make every answer half a second late:',
    `  curl -X PUT -d '{"latencyMs":500}' ${origin}/__sandbox/settings`,
  ];
  console.log(lines.join('\n'));
}

function closeOnSignal(server: SandboxServer): void {
  const close = () => void server.close().catch(() => {});
  process.once('SIGINT', close);
  process.once('SIGTERM', close);
}

await main();
