import { setTimeout as sleep } from 'node:timers/promises';

import { expect } from 'vitest';

import { at } from '../../support/gateway.ts';
import type { Answer, Replica } from './replica.ts';

/** Callers of all replicas who never stop asking for what nobody has asked for yet. */
export interface Load {
  /** Ends it, and gives what callers got: how often data, how often to come back later. */
  stop(): Promise<{ served: number; refused: number }>;
}

/** How many ask each replica at the same time. */
const CALLERS = 4;
/** How long whoever is refused waits, in milliseconds: much less than the answer says. */
const IMPATIENCE = 25;

/** `isDown`: whether a replica is being killed, so that its callers get nothing. */
export function startLoad(replicas: readonly Replica[], isDown: (replica: Replica) => boolean = () => false): Load {
  const counts = { served: 0, refused: 0 };
  const unexpected: unknown[] = [];
  const over = new AbortController();

  async function call(replica: Replica, read: () => Promise<Answer>): Promise<void> {
    while (!over.signal.aborted) {
      const wasDown = isDown(replica);
      const answer = await read().catch((error: unknown) => {
        if (!wasDown && !isDown(replica)) unexpected.push(error);
        return null;
      });
      if (answer === null || isRefusal(answer)) await sleep(IMPATIENCE);
      if (answer === null) continue;
      if (isRefusal(answer)) counts.refused += 1;
      else if (answer.errors.length === 0) counts.served += 1;
      else unexpected.push(answer.errors);
    }
  }

  const callers = replicas.flatMap((replica) => [
    ...Array.from({ length: CALLERS }, async () => call(replica, async () => readAny(replica))),
    call(replica, async () => stopAny(replica)),
  ]);
  return {
    async stop() {
      over.abort();
      await Promise.all(callers);
      expect(unexpected).toEqual([]);
      return counts;
    },
  };
}

/** One upstream request, since it has never been asked for. */
const readAny = async (replica: Replica): Promise<Answer> =>
  replica.ask('query ($id: ID!) { meeting(id: $id) { title } }', { id: crypto.randomUUID() });

/** The same, from what is kept for mutations. */
const stopAny = async (replica: Replica): Promise<Answer> =>
  replica.ask('mutation ($id: ID!) { stopLivestream(input: { meetingId: $id }) { userErrors { code } } }', {
    id: crypto.randomUUID(),
  });

/** Whether all that went wrong is that there is no budget for it now; then it is said when there will be. */
function isRefusal({ errors }: Answer): boolean {
  if (errors.length === 0) return false;
  return errors.every((error) => {
    const seconds = at(error.extensions, 'retryAfterSeconds');
    return error.extensions['code'] === 'RATE_LIMITED' && typeof seconds === 'number' && seconds > 0;
  });
}
