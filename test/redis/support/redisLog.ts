/** What a log line says about Redis. */
export type RedisState = 'connected' | 'unavailable';

/** The states of Redis that a replica logged, in order. */
export function loggedRedisStates(log: string): RedisState[] {
  return Array.from(log.matchAll(/Connected to Redis|Redis is unavailable/g), ([message]) =>
    message === 'Connected to Redis' ? 'connected' : 'unavailable',
  );
}
