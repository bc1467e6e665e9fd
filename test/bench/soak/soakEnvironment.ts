import { type BenchSandbox, startBenchSandbox } from '../benchUpstreams.ts';
import { type RedisProcess, startRedis } from './redisProcess.ts';
import { type ReplicaSet, startReplicaSet } from './replicaSet.ts';
import { createSandboxObserver, type SandboxObserver } from './sandboxObserver.ts';
import { startWebhookLoadBalancer } from './webhookLoadBalancer.ts';

/** RealtimeKit's documented limit. */
export const QUOTA = { limit: 1200, windowSeconds: 300, lockoutSeconds: 300 };
export const REPLICAS = 3;

/** The processes that a soak test runs against. */
export interface SoakEnvironment {
  sandbox: BenchSandbox;
  redis: RedisProcess;
  replicas: ReplicaSet;
  observer: SandboxObserver;
}

/** Starts all processes. Adds to `cleanUps` how to stop each of them, so that the caller can also clean up after a failed start. */
export async function startSoakEnvironment(seed: number, cleanUps: (() => Promise<void>)[]): Promise<SoakEnvironment> {
  const redis = await startRedis(seed);
  cleanUps.push(redis.stop);
  const sandbox = await startBenchSandbox({
    goLiveAfterMs: 1500,
    playbackUrlDelayMs: 1000,
    nameDelayMs: 300,
    quota: { ...QUOTA, enforced: true },
    webhooks: { copies: 2, delayMs: 300, order: 'shuffled', batchMs: 500, badSignatureRatio: 0.2, statuses: 'all' },
  });
  cleanUps.push(sandbox.stop);
  const replicas = await startReplicaSet(REPLICAS, {
    ...sandbox.env,
    REDIS_URL: redis.url,
    WEBHOOK_KEY_URL: `${sandbox.origin}/.well-known/webhooks.json`,
    UPSTREAM_ATTEMPT_TIMEOUT_MS: '3000',
    UPSTREAM_TIMEOUT_MS: '8000',
    // Longer than the health checks need to notice the drain.
    DRAIN_DELAY_MS: '1000',
    // Small enough to be full after the warm-up, so that later growth is not the cache's.
    CACHE_MB: '2',
  });
  cleanUps.push(replicas.stop);
  const loadBalancer = await startWebhookLoadBalancer(replicas);
  cleanUps.push(loadBalancer.stop);
  const observer = createSandboxObserver(sandbox);
  await observer.registerWebhook(loadBalancer.url);
  return { sandbox, redis, replicas, observer };
}
