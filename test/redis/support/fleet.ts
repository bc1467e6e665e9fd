import { expect } from 'vitest';

import { createSandbox, type Sandbox } from '../../../src/sandbox/sandbox.ts';
import { startSandboxServer } from '../../../src/sandbox/server.ts';
import type { SettingsPatch } from '../../../src/sandbox/settings.ts';
import { afterTest } from './cleanUp.ts';
import { loggedRedisStates, type RedisState } from './redisLog.ts';
import { type RedisServer, startRedis } from './redisServer.ts';
import { type Replica, startReplica } from './replica.ts';

export interface FleetOptions {
  /** The sandbox's initial settings. */
  settings?: SettingsPatch;
  /** Environment variables of all replicas, in addition to those that name the sandbox and Redis. */
  env?: Record<string, string>;
  /** Further environment variables of the first replica. */
  firstEnv?: Record<string, string>;
  /** Returns the replicas' `REDIS_URL`; the server's own URL by default. */
  redisUrl?: (redis: RedisServer) => Promise<string> | string;
  /** Whether Redis runs when the replicas start. True by default. */
  hasRedis?: boolean;
}

/** Three replicas, with their Redis and their upstream. */
export interface Fleet {
  replicas: [Replica, Replica, Replica];
  redis: RedisServer;
  sandbox: Sandbox;
  /** The method and route of each upstream request since the last `forgetRequests`. */
  upstreamRequests: () => string[];
  forgetRequests: () => void;
  /** Resolves once the last log line about Redis of each replica says `state`. */
  untilRedisIs(state: RedisState): Promise<void>;
  /** Registers this replica for upstream's webhooks. */
  sendWebhooksTo(replica: Replica): Promise<void>;
}

const APP = { CLOUDFLARE_ACCOUNT_ID: 'acc-0a7f', REALTIMEKIT_APP_ID: 'app-11d2', CLOUDFLARE_API_TOKEN: 'tok-5e.cret' };

export async function startFleet(options: FleetOptions = {}): Promise<Fleet> {
  const { settings = {}, env = {}, redisUrl = ({ url }: RedisServer) => url, hasRedis = true } = options;
  const sandbox = createSandbox({ settings });
  const [server, redis] = await Promise.all([startSandboxServer({ port: 0, sandbox }), startRedis()]);
  afterTest(async () => server.close());
  const url = await redisUrl(redis);
  if (!hasRedis) await redis.kill();
  const start = async (ownEnv: Record<string, string> = {}): Promise<Replica> => {
    const replica = await startReplica({
      ...APP,
      CLOUDFLARE_BASE_URL: server.url,
      WEBHOOK_KEY_URL: server.keyUrl,
      REDIS_URL: url,
      UPSTREAM_REPORT: 'on',
      ...env,
      ...ownEnv,
    });
    afterTest(async () => replica.kill());
    return replica;
  };
  const replicas: Fleet['replicas'] = await Promise.all([start(options.firstEnv), start(), start()]);
  // Each replica checks its connection to upstream once.
  await expect.poll(() => sandbox.requests().requests.length, { interval: 20, timeout: 10_000 }).toBe(replicas.length);
  sandbox.clearRequests();

  return {
    replicas,
    redis,
    sandbox,
    upstreamRequests: () => sandbox.requests().requests.map(({ method, route }) => `${method} ${route}`),
    forgetRequests: () => sandbox.clearRequests(),
    async untilRedisIs(state) {
      const states = (): unknown[] => replicas.map((replica) => loggedRedisStates(replica.output()).at(-1));
      await expect.poll(states, { interval: 20, timeout: 10_000 }).toEqual(replicas.map(() => state));
    },
    async sendWebhooksTo(replica) {
      const app = `${server.url}/accounts/${APP.CLOUDFLARE_ACCOUNT_ID}/realtime/kit/${APP.REALTIMEKIT_APP_ID}`;
      const events = ['livestreaming.statusUpdate', 'meeting.started', 'meeting.ended'];
      const { status } = await fetch(`${app}/webhooks`, {
        method: 'POST',
        headers: { authorization: 'Bearer another', 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'All events', url: replica.url('/webhooks/realtimekit'), events }),
      });
      if (status !== 200 && status !== 201) throw new Error(`The webhook was not registered: ${status}`);
    },
  };
}
