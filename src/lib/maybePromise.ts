import { isPromise, type MaybePromise } from '@whatwg-node/promise-helpers';

/** Calls `proceed` with a value that is there already, or as soon as it is: without a promise if none is needed. */
export function whenReady<Value, Result>(
  value: MaybePromise<Value>,
  proceed: (value: Value) => MaybePromise<Result>,
): MaybePromise<Result> {
  return isPromise(value) ? value.then(proceed) : proceed(value);
}
