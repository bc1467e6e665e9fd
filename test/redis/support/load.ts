import { setTimeout as sleep } from 'node:timers/promises';

import { expect } from 'vitest';

import { at } from '../../support/gateway.ts';
import type { GraphqlResult, Replica } from './replica.ts';

/** Callers at all replicas, who keep sending operations that nobody has sent before. */
export interface Load {
  /** Ends the load. Returns how many operations returned data, and how many were rejected for lack of budget. */
  stop(): Promise<{ served: number; rejected: number }>;
}

const CALLERS_PER_REPLICA = 4;
/** How long a rejected caller waits: much less than `retryAfterSeconds` says. */
const RETRY_AFTER_MS = 25;

/** `isDown`: whether a replica is being killed, so that its callers may fail. */
export function startLoad(replicas: readonly Replica[], isDown: (replica: Replica) => boolean = () => false): Load {
  const counts = { served: 0, rejected: 0 };
  const unexpected: unknown[] = [];
  const stopped = new AbortController();

  async function callRepeatedly(replica: Replica, send: () => Promise<GraphqlResult>): Promise<void> {
    while (!stopped.signal.aborted) {
      const wasDown = isDown(replica);
      const result = await send().catch((error: unknown) => {
        if (!wasDown && !isDown(replica)) unexpected.push(error);
        return null;
      });
      if (result === null || isRateLimited(result)) await sleep(RETRY_AFTER_MS);
      if (result === null) continue;
      if (isRateLimited(result)) counts.rejected += 1;
      else if (result.errors.length === 0) counts.served += 1;
      else unexpected.push(result.errors);
    }
  }

  const callers = replicas.flatMap((replica) => [
    ...Array.from({ length: CALLERS_PER_REPLICA }, async () => callRepeatedly(replica, async () => readOne(replica))),
    callRepeatedly(replica, async () => stopOne(replica)),
  ]);
  return {
    async stop() {
      stopped.abort();
      await Promise.all(callers);
      expect(unexpected).toEqual([]);
      return counts;
    },
  };
}

/** Costs one upstream request, since the id is new. */
const readOne = async (replica: Replica): Promise<GraphqlResult> =>
  replica.send('query ($id: ID!) { meeting(id: $id) { title } }', { id: crypto.randomUUID() });

/** Costs one upstream request of the budget for mutations. */
const stopOne = async (replica: Replica): Promise<GraphqlResult> =>
  replica.send('mutation ($id: ID!) { stopLivestream(input: { meetingId: $id }) { userErrors { code } } }', {
    id: crypto.randomUUID(),
  });

/** Whether every error is `RATE_LIMITED`, with the seconds to wait. */
function isRateLimited({ errors }: GraphqlResult): boolean {
  if (errors.length === 0) return false;
  return errors.every((error) => {
    const seconds = at(error.extensions, 'retryAfterSeconds');
    return error.extensions['code'] === 'RATE_LIMITED' && typeof seconds === 'number' && seconds > 0;
  });
}
