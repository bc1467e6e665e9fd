import { createPendingWork, type PendingWork } from '../lib/pendingWork.ts';
import { apolloRouterEndpoint, type ApolloRouterSettings } from './apolloRouter.ts';
import { cloudflareEndpoint, type CloudflareSettings } from './cloudflare.ts';
import { createPurgeQueue, type PurgeContext } from './purgeQueue.ts';

/** Which caches in front of the gateway to purge. At least one of them is not null. */
export interface PurgeSettings {
  cloudflare: CloudflareSettings | null;
  router: ApolloRouterSettings | null;
}

/** Purges responses from the caches in front of the gateway. */
export interface Purger {
  /** Purges the responses with any of these tags, soon. Never throws. */
  purge: (tags: readonly string[]) => void;
  /** The endpoints that have not purged everything yet. */
  pending: PendingWork;
}

/** Purges are requests of their own: they do not count towards RealtimeKit's request budget. */
export function createPurger({ cloudflare, router }: PurgeSettings, context: Omit<PurgeContext, 'pending'>): Purger {
  const pending = createPendingWork();
  const endpoints = [
    ...(cloudflare === null ? [] : [cloudflareEndpoint(cloudflare)]),
    ...(router === null ? [] : [apolloRouterEndpoint(router)]),
  ];
  const queues = endpoints.map((endpoint) => createPurgeQueue(endpoint, { ...context, pending }));
  return {
    purge(tags) {
      for (const queue of queues) queue.add(tags);
    },
    pending,
  };
}

/** What no log may contain. */
export function purgeSecrets({ cloudflare, router }: PurgeSettings): string[] {
  return [cloudflare?.token, cloudflare?.zoneId, router?.key].filter((secret) => secret !== undefined);
}
