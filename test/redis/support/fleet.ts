import { expect } from 'vitest';

import { createSandbox, type Sandbox } from '../../../src/sandbox/sandbox.ts';
import { startSandboxServer } from '../../../src/sandbox/server.ts';
import type { SettingsPatch } from '../../../src/sandbox/settings.ts';
import { afterTest } from './cleanUp.ts';
import { type RedisServer, startRedis } from './redisServer.ts';
import { type Replica, startReplica } from './replica.ts';

export interface FleetOptions {
  /** The sandbox's settings at its start. */
  settings?: SettingsPatch;
  /** The replicas' settings, beside those that name the sandbox and Redis. */
  env?: Record<string, string>;
  /** What the first one's settings are beside these. */
  envOfFirst?: Record<string, string>;
  /** Where they look for Redis, unless it is where it is. */
  redisUrl?: (redis: RedisServer) => Promise<string> | string;
  /** Whether Redis is there when they start. */
  hasRedis?: boolean;
}

/** Three replicas, what they share, and the API that they serve. */
export interface Fleet {
  replicas: [Replica, Replica, Replica];
  redis: RedisServer;
  sandbox: Sandbox;
  /** The upstream requests since the last `forget`, each as its method and route. */
  upstream: () => string[];
  forget: () => void;
  /** Resolves once each replica has said last that Redis is there, or is away. */
  untilRedisIs(state: 'there' | 'away'): Promise<void>;
  /** Has what happens upstream told to this replica. */
  tellWebhooksTo(replica: Replica): Promise<void>;
}

const APP = { CLOUDFLARE_ACCOUNT_ID: 'acc-0a7f', REALTIMEKIT_APP_ID: 'app-11d2', CLOUDFLARE_API_TOKEN: 'tok-5e.cret' };

export async function startFleet(options: FleetOptions = {}): Promise<Fleet> {
  const { settings = {}, env = {}, redisUrl = ({ url }: RedisServer) => url, hasRedis = true } = options;
  const sandbox = createSandbox({ settings });
  const [server, redis] = await Promise.all([startSandboxServer({ port: 0, sandbox }), startRedis()]);
  afterTest(async () => server.close());
  const url = await redisUrl(redis);
  if (!hasRedis) await redis.kill();
  const start = async (own: Record<string, string> = {}): Promise<Replica> => {
    const replica = await startReplica({
      ...APP,
      CLOUDFLARE_BASE_URL: server.url,
      WEBHOOK_KEY_URL: server.keyUrl,
      REDIS_URL: url,
      UPSTREAM_REPORT: 'on',
      ...env,
      ...own,
    });
    afterTest(async () => replica.kill());
    return replica;
  };
  const replicas: Fleet['replicas'] = await Promise.all([start(options.envOfFirst), start(), start()]);

  return {
    replicas,
    redis,
    sandbox,
    upstream: () => sandbox.requests().requests.map(({ method, route }) => `${method} ${route}`),
    forget: () => sandbox.forgetRequests(),
    async untilRedisIs(state) {
      const words = replicas.map(() => `Redis is ${state}`);
      const said = (): string[] => replicas.map((replica) => lastWordOn(replica.printed()));
      await expect.poll(said, { interval: 20, timeout: 10_000 }).toEqual(words);
    },
    async tellWebhooksTo(replica) {
      const app = `${server.url}/accounts/${APP.CLOUDFLARE_ACCOUNT_ID}/realtime/kit/${APP.REALTIMEKIT_APP_ID}`;
      const events = ['livestreaming.statusUpdate', 'meeting.started', 'meeting.ended'];
      const { status } = await fetch(`${app}/webhooks`, {
        method: 'POST',
        headers: { authorization: 'Bearer another', 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'All of them', url: replica.url('/webhooks/realtimekit'), events }),
      });
      if (status !== 200 && status !== 201) throw new Error(`The webhook was not registered: ${status}`);
    },
  };
}

/** What a replica said last about Redis. */
function lastWordOn(printed: string): string {
  return printed.match(/Redis is (?:there|away)/g)?.at(-1) ?? 'nothing';
}
