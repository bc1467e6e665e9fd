import { type SandboxServer, startSandboxServer } from './server.ts';

const DEFAULT_PORT = 4001;

/** Runs the sandbox without a gateway: `npm run sandbox`. */
async function main(): Promise<void> {
  const port = parsePort(process.env['SANDBOX_PORT']?.trim() || String(DEFAULT_PORT));
  const host = process.env['SANDBOX_HOST']?.trim() || '127.0.0.1';
  if (port === undefined) return fail('SANDBOX_PORT', 'must be a whole number from 0 to 65535.', '4011');
  try {
    const server = await startSandboxServer({ port, host });
    closeOnSignal(server);
    printUsage(server);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : error;
    if (code === 'EADDRINUSE') fail('SANDBOX_PORT', `another program uses port ${port}.`, '4011');
    else fail('SANDBOX_HOST', `the sandbox cannot listen on port ${port} of "${host}" (${String(code)}).`, '127.0.0.1');
  }
}

function parsePort(text: string): number | undefined {
  // Kubernetes sets the variable to `tcp://…` for a service that is called "sandbox".
  if (/^(tcp|udp|sctp):/.test(text)) return DEFAULT_PORT;
  const port = Number(text);
  return /^\d{1,5}$/.test(text) && port <= 65_535 ? port : undefined;
}

function fail(variable: string, problem: string, example: string): void {
  console.error(`${variable}: ${problem} Example: ${variable}=${example}`);
  process.exitCode = 1;
}

function printUsage({ url, keyUrl, origin, sandbox }: SandboxServer): void {
  const app = `${url}/accounts/any-account/realtime/kit/any-app`;
  const ids = Object.entries(sandbox.exampleIds).map(([name, id]) => `  ${name.padEnd(24)} ${id}`);
  console.log(`The simulated RealtimeKit API is at ${url} (any account, any app, any bearer token)
The public key of its webhooks is at ${keyUrl}

Example ids:
${ids.join('\n')}

Send a request to the API:
  curl -H 'Authorization: Bearer any' ${app}/meetings/${sandbox.exampleIds.liveMeetingId}/active-livestream
Delay every response by half a second:
  curl -X PUT -d '{"latencyMs":500}' ${origin}/__sandbox/settings`);
}

function closeOnSignal(server: SandboxServer): void {
  const close = () => void server.close().catch(() => {});
  process.once('SIGINT', close);
  process.once('SIGTERM', close);
}

await main();
