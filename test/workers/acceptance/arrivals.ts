/** For each request of the tests that has not arrived at its gateway yet, a promise of that. */
const arriving = new Set<Promise<void>>();
/** For each gateway, waits until it has handled what it received. */
const gateways = new Set<() => Promise<unknown>>();

/** Announces a request. The returned function says that it has arrived, or never will. */
export function announceRequest(): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  arriving.add(promise);
  return () => {
    arriving.delete(promise);
    resolve();
  };
}

/** Adds a gateway, until the returned function is called. `settle` resolves when it has handled what it received before. */
export function addGateway(settle: () => Promise<unknown>): () => void {
  gateways.add(settle);
  return () => gateways.delete(settle);
}

/** Resolves when all requests that the tests have sent so far have arrived at their gateways. */
export async function allArrived(): Promise<void> {
  await Promise.all(arriving);
}

/** Resolves when the gateways have handled all requests, responses and messages that were sent to them so far. */
export async function allHandled(): Promise<void> {
  await allArrived();
  await Promise.all(Array.from(gateways, async (settle) => settle()));
}

/**
 * Runs `send`, which handles an upstream request, between the arrivals of the tests' requests: in one process, requests that a test sends
 * at the same time all arrive before the upstream request of the first, and those that it sends meanwhile before the response.
 */
export async function betweenArrivals<Result>(send: () => Promise<Result>): Promise<Result> {
  await allArrived();
  try {
    return await send();
  } finally {
    await allArrived();
  }
}
