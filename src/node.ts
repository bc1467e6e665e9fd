import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';

import type { AuthSettings } from './auth/authenticate.ts';
import { importUsableKeys } from './auth/jwt.ts';
import { type Config, readConfig } from './config/index.ts';
import { ConfigError } from './config/env.ts';
import { createDrain } from './server/gracefulShutdown.ts';
import { createGateway } from './server/gateway.ts';
import { graphiqlOptions } from './server/graphiql.ts';
import { type SandboxServer, startSandboxServer } from './sandbox/server.ts';
import { startTelemetry } from './telemetry/startTelemetry.ts';
import { createUndiciTransport } from './realtimekit/undiciTransport.ts';
import { createWebSockets, isWebSocketUpgrade } from './server/websocket/webSocketServer.ts';

/** Milliseconds that an unused connection is kept: longer than proxies keep theirs, which would else send into one that just closes. */
const KEEP_ALIVE = 75_000;

/** The sandbox takes any app and any token. */
const SANDBOX_APP = { accountId: 'sandbox-account', appId: 'sandbox-app', token: 'sandbox-token' };

async function main(): Promise<void> {
  // Until there is something to drain. Without a listener the first process of a container would be told in vain.
  for (const signal of SIGNALS) process.on(signal, exitNow);
  const config = readConfig(process.env, (path) => readFileSync(path, 'utf8'));
  await validateJwtKey(config.auth);
  const { attemptTimeoutMs, totalTimeoutMs, requestsPerSecond, caching, limits, auth, corsOrigins, upstreamReport } =
    config;
  const telemetry = await startTelemetry(config.telemetry);
  const { log, metrics, tracer } = telemetry;
  const sandbox = config.app === null ? await startSandbox(config.sandboxPort) : null;
  const app = config.app ?? { ...SANDBOX_APP, baseUrl: sandbox?.url ?? '' };
  const samples = sandbox?.sandbox.samples ?? null;
  const transport = createUndiciTransport();
  const cluster = config.redis && (await (await import('./cluster/redis.ts')).openRedis(config.redis, app, log));
  const drain = createDrain({ ...config.drain, log });
  // A page of another site could have its name point to this machine.
  const localOnly = auth.kind === 'none';
  const gateway = createGateway({
    upstream: { ...app, attemptTimeoutMs, totalTimeoutMs, requestsPerSecond },
    transport: transport.send,
    cluster,
    caching,
    auth,
    localOnly,
    limits,
    corsOrigins,
    trustedDocuments: config.trustedDocuments,
    live: config.live,
    webhookKeyUrl: config.webhookKeyUrl ?? sandbox?.keyUrl ?? null,
    introspection: config.introspection,
    suggestions: config.suggestions,
    upstreamReport,
    log,
    metrics,
    tracer,
    graphiql: config.graphiql && graphiqlOptions(samples, { reports: upstreamReport, bearer: auth.kind !== 'none' }),
    isReady: () => !drain.isDraining(),
    readinessDetails: () => ({
      draining: drain.isDraining(),
      ...(cluster === null ? {} : { redis: cluster.store.isUp() ? 'up' : 'away' }),
    }),
  });
  const sockets = createWebSockets({
    fetch: (request) => gateway.fetch(request),
    corsOrigins,
    localOnly,
    messageBytes: limits.bodyBytes,
    // As many as may watch, and some to ask.
    operations: config.live.perCaller + 100,
    log,
  });
  metrics?.gauge('websockets', 'WebSocket connections that are open.', () => sockets.size());
  const server = createServer(
    { shouldUpgradeCallback: isWebSocketUpgrade, keepAliveTimeout: KEEP_ALIVE },
    (request, response) => void gateway(request, response),
  );
  server.on('upgrade', (...upgrade) => sockets.upgrade(...upgrade));
  const closers = [
    transport.close,
    async () => sandbox?.close(),
    async () => cluster?.store.close(),
    async () => telemetry.close(),
  ];
  drain.installSignalHandlers({ server, sockets, gateway, closers });
  for (const signal of SIGNALS) process.off(signal, exitNow);
  const port = await listen(server, config);
  announce(port, config, sandbox);
  log('info', 'Listening.', { host: config.host, port });
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
const exitNow = (): void => process.exit(0);

/** What kind of key it is shows only when it is tried. */
async function validateJwtKey(auth: AuthSettings): Promise<void> {
  if (auth.kind !== 'jwt' || 'jwksUrl' in auth.key || (await importUsableKeys(auth.key)).size > 0) return;
  const problem = 'it is neither a public key in PEM (SPKI) nor a JWK in JSON.';
  throw new ConfigError('JWT_KEY', problem, "'-----BEGIN PUBLIC KEY-----\\n…\\n-----END PUBLIC KEY-----'");
}

async function startSandbox(port: number): Promise<SandboxServer> {
  return startSandboxServer({ port }).catch((error: unknown) => cannotListen('SANDBOX_PORT', port, error));
}

/** Gives the port. */
async function listen(server: Server, { host, port }: Config): Promise<number> {
  server.listen(port, host);
  await once(server, 'listening').catch((error: unknown) => cannotListen('PORT', port, error));
  const bound = server.address();
  return typeof bound === 'object' && bound !== null ? bound.port : port;
}

function cannotListen(variable: string, port: number, cause: unknown): never {
  const isTaken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
  const reason = isTaken ? 'another program listens there' : 'this machine does not allow it';
  throw new ConfigError(variable, `${port} cannot be listened on: ${reason}.`, String(port + 10));
}

function announce(port: number, { host, app, auth, graphiql }: Config, sandbox: SandboxServer | null): void {
  const address = `http://${host.includes(':') ? `[${host}]` : host}:${port}/graphql`;
  const lines = [`${graphiql ? 'GraphiQL' : 'GraphQL '}       ${address}`, `Callers        ${CALLERS[auth.kind]}`];
  if (sandbox === null) {
    lines.push(`Connected to   RealtimeKit at ${app?.baseUrl}`);
  } else {
    const { liveMeetingId, idleMeetingId, liveLivestreamId, endedSessionId } = sandbox.sandbox.samples;
    lines.push(
      `Connected to   the sandbox at ${sandbox.url}: simulated, nothing here is real`,
      `               (the real API: set CLOUDFLARE_ACCOUNT_ID, REALTIMEKIT_APP_ID and CLOUDFLARE_API_TOKEN)`,
      `Ids to try     ${liveMeetingId}  a meeting that is live`,
      `               ${idleMeetingId}  a meeting to start a livestream in`,
      `               ${liveLivestreamId}  a livestream that is live`,
      `               ${endedSessionId}  a session that has ended`,
    );
  }
  console.log(lines.join('\n'));
}

const CALLERS: Record<AuthSettings['kind'], string> = {
  none: 'whoever is on this machine (AUTH=none)',
  passthrough: 'each with an API token of its own (AUTH=passthrough)',
  jwt: 'whoever has a token of the issuer (AUTH=jwt)',
  'api-key': 'whoever has one of the keys (AUTH=api-key)',
};

try {
  await main();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exit(1);
}
