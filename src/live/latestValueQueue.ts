/** What waits for one reader: of each key the latest value only, so that a slow reader costs no memory. */
export interface LatestValueQueue<Value> extends AsyncIterableIterator<Value, undefined> {
  /** Nothing, where the reader was given the same of this key the last time. */
  push(key: string, value: Value): void;
  /** What the reader was given of this key was of no use to it: it is to get it again. */
  allowResend(key: string): void;
  /** The reader gets this error in place of whatever is waiting. */
  fail(error: unknown): void;
  return(): Promise<IteratorReturnResult<undefined>>;
}

export interface LatestValueQueueOptions<Value> {
  isSame: (one: Value, other: Value) => boolean;
  /** Called once, when the reader leaves or the mailbox has failed. */
  onEnd: () => void;
}

/** Of how many keys it is remembered what the reader was given. */
const MAX_REMEMBERED = 1000;

export function createLatestValueQueue<Value>({
  isSame,
  onEnd,
}: LatestValueQueueOptions<Value>): LatestValueQueue<Value> {
  const waiting = new Map<string, Value>();
  const delivered = new Map<string, Value>();
  let failure: { error: unknown } | null = null;
  let isOver = false;
  let news = Promise.withResolvers<void>();

  /** For all who wait. */
  function wake(): void {
    news.resolve();
    news = Promise.withResolvers<void>();
  }

  function end(): void {
    if (isOver) return;
    isOver = true;
    failure = null;
    waiting.clear();
    delivered.clear();
    onEnd();
    wake();
  }

  /** The key that has waited longest. */
  function take(): Value | undefined {
    const [first] = waiting;
    if (first === undefined) return undefined;
    const [key, value] = first;
    waiting.delete(key);
    delivered.delete(key);
    delivered.set(key, value);
    const [oldest] = delivered.keys();
    if (delivered.size > MAX_REMEMBERED && oldest !== undefined) delivered.delete(oldest);
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
        if (isOver) return { done: true, value: undefined };
        const value = take();
        if (value !== undefined) return { done: false, value };
        await news.promise;
      }
    },
    push(key, value) {
      if (isOver) return;
      const last = delivered.get(key);
      if (last === undefined || !isSame(last, value)) {
        waiting.set(key, value);
        return wake();
      }
      waiting.delete(key);
      // It may know more than the one before, as far as that goes.
      delivered.set(key, value);
      return undefined;
    },
    allowResend: (key) => void delivered.delete(key),
    fail(error) {
      if (isOver) return;
      failure ??= { error };
      wake();
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
