/**
 * A conflating queue between one producer and one slow consumer: of each key, only the latest value waits, so that a consumer that
 * does not keep up costs no more memory than there are keys. Values that look the same as the one last delivered are dropped.
 */
export interface LatestValueQueue<Value> extends AsyncIterableIterator<Value, undefined> {
  /** Replaces the value of this key that waits for delivery. A value that is the same as the one last delivered is not delivered. */
  push(key: string, value: Value): void;
  /** Forgets the value of this key that was last delivered, so that the same value can be delivered again. */
  allowResend(key: string): void;
  /** Discards the waiting values. The next read rejects with this error, and the queue ends. */
  fail(error: unknown): void;
  /** Ends the queue: pending and later reads are done. */
  return(): Promise<IteratorReturnResult<undefined>>;
}

interface LatestValueQueueOptions<Value> {
  /** Whether two values of one key look the same to the consumer. */
  isSame: (one: Value, other: Value) => boolean;
  /** Called once, when the consumer ends the queue or has received the error of `fail`. */
  onEnd: () => void;
}

/** The number of keys whose last delivered value is remembered. */
const MAX_REMEMBERED_KEYS = 1000;

export function createLatestValueQueue<Value>({
  isSame,
  onEnd,
}: LatestValueQueueOptions<Value>): LatestValueQueue<Value> {
  /** In order of arrival of the keys. */
  const waiting = new Map<string, Value>();
  const delivered = new Map<string, Value>();
  let failure: { error: unknown } | null = null;
  let hasEnded = false;
  /** Resolves when pending reads must check the queue again. */
  let change = Promise.withResolvers<void>();

  function wakeReads(): void {
    change.resolve();
    change = Promise.withResolvers<void>();
  }

  function end(): void {
    if (hasEnded) return;
    hasEnded = true;
    failure = null;
    waiting.clear();
    delivered.clear();
    onEnd();
    wakeReads();
  }

  /** Removes and returns the value of the key that has waited longest; undefined if nothing waits. */
  function shift(): Value | undefined {
    const [first] = waiting;
    if (first === undefined) return undefined;
    const [key, value] = first;
    waiting.delete(key);
    delivered.delete(key);
    delivered.set(key, value);
    const [oldestKey] = delivered.keys();
    if (delivered.size > MAX_REMEMBERED_KEYS && oldestKey !== undefined) delivered.delete(oldestKey);
    return value;
  }

  return {
    async next() {
      for (;;) {
        if (failure !== null) {
          const { error } = failure;
          end();
          throw error;
        }
        if (hasEnded) return { done: true, value: undefined };
        const value = shift();
        if (value !== undefined) return { done: false, value };
        await change.promise;
      }
    },
    push(key, value) {
      if (hasEnded) return;
      const last = delivered.get(key);
      if (last === undefined || !isSame(last, value)) {
        waiting.set(key, value);
        wakeReads();
        return;
      }
      waiting.delete(key);
      // Values that look the same can differ in detail: the newer one may name a session that the older one did not know.
      delivered.set(key, value);
    },
    allowResend: (key) => void delivered.delete(key),
    fail(error) {
      if (hasEnded) return;
      failure ??= { error };
      wakeReads();
    },
    async return() {
      end();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
