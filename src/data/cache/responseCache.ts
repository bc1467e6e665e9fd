import type { Moment } from '../../cluster/hybridClock.ts';
import { LRUCache } from 'lru-cache';

import type { Clock } from '../../lib/clock.ts';
import { ANYTHING } from './invalidation.ts';
import type { Cache } from './cache.ts';
import type { Operation } from '../operation.ts';

/** What keeping an answer costs beside its text, in bytes, roughly. */
const ENTRY = 200;

export interface KeptAnswer {
  text: string;
  /** The operation's name, if it has one: its document is not read again. */
  name: string | null;
}

/**
 * Whole answers, by account and by what was asked. One is given again only while everything that it was made of is fresh, and
 * nothing of the account was changed since its operation began: it is as new as if it were put together again.
 */
export interface Answers {
  /** `question`: whatever an answer depends on, beside the account. */
  find(accountId: string, question: string): KeptAnswer | undefined;
  /** Whether an answer of this operation can be given again. */
  isLasting(operation: Operation): boolean;
  keep(operation: Operation, question: string, answer: KeptAnswer): void;
}

export function createAnswers(cache: Cache, clock: Clock): Answers {
  const answers = new LRUCache<string, KeptAnswer & { until: number; startedAt: Moment }>({
    maxSize: cache.share,
    sizeCalculation: ({ text }, id) => ENTRY + 2 * (id.length + text.length),
  });
  return {
    find(accountId, question) {
      const answer = answers.get(`${accountId} ${question}`);
      if (answer === undefined || clock.now() >= answer.until) return undefined;
      return cache.isVoid(accountId, [ANYTHING], answer.startedAt) ? undefined : answer;
    },
    isLasting({ report }) {
      const until = report.freshUntil();
      // Endless is what nothing was read for: that costs nothing anyway.
      return until > clock.now() && until < Infinity;
    },
    keep({ account, report, startedAt }, question, { text, name }) {
      answers.set(`${account.id} ${question}`, { text, name, until: report.freshUntil(), startedAt });
    },
  };
}
