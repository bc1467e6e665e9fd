/** Test files that start gateways and do not run against workerd, and why. */
export const EXCLUDED_FILES: readonly [file: string, reason: string][] = [
  [
    'test/api/evictions.test.ts',
    'Two gateways share saved state in the memory of the tests: test/workers/deployed evicts real objects.',
  ],
  ['test/api/replicas.test.ts', 'Replicas share a store: on Workers, there is one object per credential.'],
  ['test/api/schemaDescriptions.test.ts', 'Sends no requests.'],
  ['test/auth/credentialEnd.test.ts', 'Counts the subscriptions at the moment at which a stream ends.'],
  ['test/data/model.test.ts', 'Its clock waits for requests, not for workerd.'],
  ['test/docs/errorCatalog.test.ts', 'Most of its gateways are programs.'],
  ['test/server/backpressure.test.ts', 'What produces its events runs in the process.'],
  ['test/server/httpServer.test.ts', "Tests Node's server."],
  [
    'test/server/websocket/memoryLeaks.test.ts',
    "Tests Node's WebSocket server: test/workers/deployed tests that of Durable Objects.",
  ],
  [
    'test/server/websocket/webSocketServer.test.ts',
    "Tests Node's WebSocket server: test/workers/deployed tests that of Durable Objects.",
  ],
  ['test/telemetry/tracing.test.ts', 'Its tracer is an object of the process.'],
];

/**
 * Tests that do not run against workerd: what their names contain, with those of their groups before them, and why. Vitest reports them as
 * skipped: its runner reports the collected tests before it can be told to leave some out.
 */
export const EXCLUDED_TESTS: readonly [name: string, reason: string][] = [
  // Several replicas, which share a store.
  ['with several replicas, only one purges', 'Replicas share a store.'],
  ['the refresh of one replica serves the look-ups of another', 'Replicas share a store.'],
  ['operations, reads, upstream requests, webhooks, budget, connections', 'Its gateway has a store for replicas.'],
  ["a scrape has Prometheus' content type", 'Its gateway has a store for replicas.'],
  ['only metrics that a gateway exposes', 'Its gateway has a store for replicas.'],
  ['shows every metric of the gateway', 'Its gateway has a store for replicas.'],
  // Node.js.
  ['through node:http', "Tests Node's server."],
  ['the origin and the setting > a WebSocket', "Tests Node's server."],
  ['the caches of the gateway > have no key that contains a secret', 'Looks into the memory of the process.'],
  [
    'the gateway does not read the body of a request without a token',
    'Over HTTP, the client reads the body that it sends.',
  ],
  ['reconnects to the next gateway when the first one shuts down', 'On Workers, no gateway shuts down.'],
  ['every field of every event is correct at the time of the event', 'Its clock waits for requests, not for workerd.'],
  [
    'an event whose session could not be read is sent again exactly once',
    'Its clock waits for requests, not for workerd.',
  ],
  ['receives a session that appears late', 'Its clock waits for requests, not for workerd.'],
  // Differences of workerd.
  ['an upstream that cannot be reached > because', "workerd's fetch has one error for all causes."],
  ['less than 150 MB of memory: with an unsupported Content-Encoding', "workerd's fetch fails for what is no Brotli."],
  ['when it sends an early hint a second', "workerd's fetch takes an interim response for the final one."],
  [
    'shutting down the gateway breaks the connection',
    'workerd ends a response whose stream fails as if it were complete.',
  ],
];
