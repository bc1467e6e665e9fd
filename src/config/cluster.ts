import * as v from 'valibot';

import type { RedisSettings } from '../cluster/redis.ts';
import * as env from './env.ts';

export const clusterSettings = {
  url: env.setting(
    'REDIS_URL',
    'redis://127.0.0.1:6379',
    v.optional(
      v.pipe(
        env.url('a redis or rediss URL', ({ protocol }) => /^rediss?:$/.test(protocol)),
        v.check(
          (address) => hasDecodableCredentials(new URL(address)),
          'must write a "%" in the user name or the password as "%25".',
        ),
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

/** Whether the credentials can be percent-decoded, as the Redis client does. */
function hasDecodableCredentials({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username);
    decodeURIComponent(password);
    return true;
  } catch {
    return false;
  }
}
