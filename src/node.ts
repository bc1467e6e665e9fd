import { once } from 'node:events';
import type { Server } from 'node:http';

import packageJson from '../package.json' with { type: 'json' };
import type { AuthSettings } from './auth/authenticate.ts';
import { readApiKeys } from './config/auth.ts';
import { ConfigError } from './config/env.ts';
import { type Config, readConfig } from './config/index.ts';
import { readDocuments } from './config/persistedDocuments.ts';
import { createUndiciTransport } from './realtimekit/undiciTransport.ts';
import type { SandboxServer } from './sandbox/server.ts';
import { configuredApp, configuredOptions, configuredSocketOptions } from './server/configuredOptions.ts';
import { createGateway } from './server/gateway.ts';
import { createGracefulShutdown } from './server/gracefulShutdown.ts';
import { createHttpServer } from './server/httpServer.ts';
import { registerSocketGauge } from './server/registerGauges.ts';
import { createSettingsFiles } from './server/settingsFiles.ts';
import { validateJwtKey } from './server/validateJwtKey.ts';
import { createWebSocketServer } from './server/websocket/webSocketServer.ts';
import { startTelemetry } from './telemetry/startTelemetry.ts';

const { name, version } = packageJson;

async function main(): Promise<void> {
  // During the start there is nothing to shut down. The first process of a container ignores signals that have no listener.
  for (const signal of SIGNALS) process.on(signal, exitNow);
  const files = createSettingsFiles();
  const config = readConfig(process.env, files.read);
  const { auth, files: paths } = config;
  await validateJwtKey(auth);
  const telemetry = await startTelemetry(config.telemetry, version);
  const { log, metrics, tracer } = telemetry;
  const sandbox = config.app === null ? await startSandbox(config.sandboxPort) : null;
  // A connection that fails must fail as such, before the attempt does: nothing was sent.
  const connectTimeoutMs = Math.min(5000, config.attemptTimeoutMs / 2);
  const transport = createUndiciTransport({ connectTimeoutMs, ...(sandbox === null ? { proxy: config.proxy } : {}) });
  const cluster =
    config.redis &&
    (await (await import('./cluster/redis.ts')).openRedis(config.redis, configuredApp(config, sandbox), log));
  const shutdown = createGracefulShutdown({ ...config.drain, log });
  const gateway = createGateway({
    ...configuredOptions(config, sandbox),
    transport: transport.send,
    cluster,
    log,
    metrics,
    tracer,
    version,
    isReady: () => !shutdown.isDraining(),
    readinessDetails: () => ({
      draining: shutdown.isDraining(),
      ...(cluster === null ? {} : { redis: cluster.store.isUp() ? 'up' : 'down' }),
    }),
  });
  if (paths.apiKeys !== null)
    files.onChange(paths.apiKeys, log, () => gateway.replaceApiKeys(readApiKeys(process.env, files.read)));
  if (paths.trustedDocuments !== null)
    files.onChange(paths.trustedDocuments, log, () =>
      gateway.replaceTrustedDocuments(readDocuments(process.env, files.read).documents),
    );
  files.reloadOnHangup(log);
  const sockets = createWebSocketServer({
    ...configuredSocketOptions(config),
    fetch: (request) => gateway.fetch(request),
    log,
  });
  registerSocketGauge(metrics, sockets.size);
  const server = createHttpServer({ gateway, sockets, keepAliveTimeoutMs: config.keepAliveTimeoutMs });
  const closers = [
    transport.close,
    async () => sandbox?.close(),
    async () => cluster?.store.close(),
    async () => telemetry.close(),
  ];
  shutdown.installSignalHandlers({ server, sockets, gateway, closers });
  for (const signal of SIGNALS) process.off(signal, exitNow);
  const port = await listen(server, config);
  printBanner(port, config, sandbox);
  log('info', 'Listening.', { host: config.host, port, version });
  if (sandbox === null) void gateway.checkUpstream();
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
const exitNow = (): void => process.exit(0);

async function startSandbox(port: number): Promise<SandboxServer> {
  const { startSandboxServer } = await import('./sandbox/server.ts');
  return startSandboxServer({ port }).catch((error: unknown) => failToListen('SANDBOX_PORT', port, errorCode(error)));
}

/** Returns the port, which the operating system chooses if it is 0 in the settings. */
async function listen(server: Server, { host, port }: Config): Promise<number> {
  server.listen(port, host);
  await once(server, 'listening').catch((error: unknown) => {
    const code = errorCode(error);
    if (code === undefined || !HOST_ERRORS.has(code)) failToListen('PORT', port, code);
    throw new ConfigError('HOST', `must be an address of this machine, and "${host}" is not (${code}).`, '127.0.0.1');
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

/** The codes of the operating system's errors for an address that another machine has, or none. */
const HOST_ERRORS: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN', 'EAFNOSUPPORT', 'EINVAL']);

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function failToListen(variable: string, port: number, code: string | undefined): never {
  const reason =
    code === 'EADDRINUSE' ? 'another program uses this port' : `the operating system does not allow it (${code})`;
  throw new ConfigError(variable, `cannot listen on port ${port}: ${reason}.`, String(port + 10));
}

function printBanner(port: number, { host, app, auth, graphiql }: Config, sandbox: SandboxServer | null): void {
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/graphql`;
  const lines = [
    `${name} ${version}`,
    `${graphiql ? 'GraphiQL' : 'GraphQL '}       ${url}`,
    `Callers        ${CALLERS[auth.kind]}`,
  ];
  if (sandbox === null) {
    lines.push(`Connected to   RealtimeKit at ${app?.baseUrl}`);
  } else {
    const { liveMeetingId, idleMeetingId, liveLivestreamId, endedSessionId } = sandbox.sandbox.exampleIds;
    lines.push(
      `Connected to   the sandbox at ${sandbox.url}: a simulated API, nothing here is real`,
      `               (for the real API, set CLOUDFLARE_ACCOUNT_ID, REALTIMEKIT_APP_ID and CLOUDFLARE_API_TOKEN)`,
      `IDs to try     ${liveMeetingId}  a meeting that is live`,
      `               ${idleMeetingId}  a meeting to start a livestream in`,
      `               ${liveLivestreamId}  a livestream that is live`,
      `               ${endedSessionId}  a session that has ended`,
    );
  }
  console.log(lines.join('\n'));
}

const CALLERS: Record<AuthSettings['kind'], string> = {
  none: 'anyone on this machine (AUTH=none)',
  passthrough: 'anyone with a RealtimeKit API token (AUTH=passthrough)',
  jwt: "anyone with one of the issuer's tokens (AUTH=jwt)",
  'api-key': 'anyone with an API key (AUTH=api-key)',
};

try {
  await main();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exit(1);
}
