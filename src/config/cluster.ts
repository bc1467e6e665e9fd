import * as v from 'valibot';

import type { RedisSettings } from '../cluster/redis.ts';
import * as env from './env.ts';

export const clusterSettings = {
  url: env.setting(
    'REDIS_URL',
    'redis://127.0.0.1:6379',
    v.optional(
      v.pipe(
        env.url(
          'a redis or rediss URL without query or fragment ("#", "/" and "?" in the password percent-encoded)',
          ({ protocol, href }) => /^rediss?:$/.test(protocol) && !/[?#]/.test(href),
        ),
        env.decodableCredentials,
        v.check(
          (address) => /^(\/\d{0,5})?$/.test(new URL(address).pathname),
          'must have nothing after the port but the number of a database, such as "/0".',
        ),
      ),
    ),
  ),
  minReplicas: env.integer('REPLICAS', 3, { min: 1, max: 1000 }),
};

/** Reads how replicas share state; null for a single replica. */
export function readCluster(environment: env.Environment): RedisSettings | null {
  const { url, minReplicas } = env.readGroup(environment, clusterSettings);
  return url === undefined ? null : { url, minReplicas };
}
