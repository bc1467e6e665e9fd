import type { HybridTimestamp } from '../../cluster/hybridClock.ts';

import type { Clock } from '../../lib/clock.ts';
import { ANY_TAG } from './invalidation.ts';
import type { Cache } from './cache.ts';
import type { Operation } from '../operation.ts';

/** What keeping an answer costs beside its text, in bytes, roughly. */
const ENTRY = 200;

export interface CachedResponse {
  text: string;
  /** The operation's name, if it has one: its document is not read again. */
  operationName: string | null;
}

/**
 * Whole answers, by account and by what was asked. One is given again only while everything that it was made of is fresh, and
 * nothing of the account was changed since its operation began: it is as new as if it were put together again.
 */
export interface ResponseCache {
  /** `question`: whatever an answer depends on, beside the account. */
  get(accountId: string, question: string): CachedResponse | undefined;
  /** Whether an answer of this operation can be given again. */
  isCacheable(operation: Operation): boolean;
  set(operation: Operation, question: string, answer: CachedResponse): void;
}

export function createResponseCache(cache: Cache, clock: Clock): ResponseCache {
  const answers = cache.store.createNamespace<CachedResponse & { until: number; startedAt: HybridTimestamp }>(
    ({ text }) => ENTRY + 2 * text.length,
  );
  return {
    get(accountId, question) {
      const answer = answers.get(`${accountId} ${question}`);
      if (answer === undefined || clock.now() >= answer.until) return undefined;
      return cache.isInvalidated(accountId, [ANY_TAG], answer.startedAt) ? undefined : answer;
    },
    isCacheable({ report }) {
      const until = report.freshUntil();
      // Endless is what nothing was read for: that costs nothing anyway.
      return until > clock.now() && until < Infinity;
    },
    set({ account, report, startedAt }, question, { text, operationName }) {
      answers.set(`${account.id} ${question}`, { text, operationName, until: report.freshUntil(), startedAt });
    },
  };
}
