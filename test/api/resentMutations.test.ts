import { constants, type ServerHttp2Stream } from 'node:http2';
import { setImmediate } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { createUndiciTransport } from '../../src/realtimekit/undiciTransport.ts';
import { cleanUpAfterTest } from '../support/cleanup.ts';
import { ACCOUNT, APP, startTestGateway, TOKEN } from '../support/gateway.ts';
import { certificate, type Origin, startHttp, startHttp2 } from '../support/origins.ts';

const START = 'mutation { startLivestream(input: { meetingId: "m" }) { livestream { id } userErrors { code } } }';
const READ = '{ livestream(id: "l") { id } }';
const STARTED = { startLivestream: { livestream: { id: 'started' }, userErrors: [] } };
const UNKNOWN = { startLivestream: { livestream: null, userErrors: [{ code: 'OUTCOME_UNKNOWN' }] } };

/** Starts a gateway with the real transport over `origin`. Calls `onPost` just before each POST. */
async function startGatewayOver(origin: Origin, onPost = () => {}) {
  const transport = createUndiciTransport({ ca: certificate });
  cleanUpAfterTest(() => transport.close());
  cleanUpAfterTest(() => origin.stop());
  const ids = { accountId: ACCOUNT, appId: APP, token: TOKEN };
  const limits = { attemptTimeoutMs: 10_000, totalTimeoutMs: 25_000, requestsPerSecond: 0 };
  return startTestGateway({
    intercept: () => (request) => {
      if (request.method === 'POST') onPost();
      return transport.send(request);
    },
    options: { upstream: { ...ids, ...limits, baseUrl: origin.url } },
  });
}

/** Starts a gateway over an HTTP/2 server that handles the first POST with `first`, and carries out the others. */
async function startOverHttp2(first: (stream: ServerHttp2Stream) => void) {
  const methods: string[] = [];
  const origin = await startHttp2();
  origin.server.on('stream', (stream, { ':method': method = '' }) => {
    methods.push(method);
    if (methods.filter((sent) => sent === 'POST').length === 1 && method === 'POST') return first(stream);
    const data = method === 'POST' ? { id: 'started', status: 'INVOKED' } : null;
    stream.respond({ ':status': 200, 'content-type': 'application/json' });
    return void stream.end(JSON.stringify({ success: true, data }));
  });
  return { gateway: await startGatewayOver(origin), methods };
}

test.each<[string, (stream: ServerHttp2Stream) => void]>([
  ['its stream', (stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM)],
  ['it with a GOAWAY', ({ session }) => session?.goaway(constants.NGHTTP2_NO_ERROR, 1)],
])('a start is sent again when the HTTP/2 server refuses %s', async (_what, refuse) => {
  const { gateway, methods } = await startOverHttp2(refuse);
  // Stream 1; the start is stream 3.
  await gateway.send({ query: READ });
  expect((await gateway.send({ query: START })).data).toEqual(STARTED);
  expect(methods).toEqual(['GET', 'POST', 'POST']);
});

test.each<[string, (stream: ServerHttp2Stream) => void]>([
  ['resets its stream', (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR)],
  ['closes the connection', ({ session }) => session?.destroy()],
  [
    'says that it may have processed it',
    ({ session, id = 0 }) => {
      session?.goaway(constants.NGHTTP2_REFUSED_STREAM, id);
      session?.ping(() => session.destroy());
    },
  ],
])('a start is never sent again when the HTTP/2 server %s', async (_what, refuse) => {
  const { gateway, methods } = await startOverHttp2(refuse);
  expect((await gateway.send({ query: START })).data).toEqual(UNKNOWN);
  expect(methods).toEqual(['POST', 'GET']);
});

test.each([
  ['is sent again if not a byte of it was written', 'resetAndDestroy', STARTED, ['GET', 'POST']],
  ['is never sent again if it was written', 'destroy', UNKNOWN, ['GET', 'GET']],
] as const)('a start on an idle connection that closes %s', async (_what, close, outcome, expected) => {
  const methods: (string | undefined)[] = [];
  const origin = await startHttp((request, response) => {
    methods.push(request.method);
    const data = request.method === 'POST' ? { id: 'started', status: 'INVOKED' } : null;
    response.end(JSON.stringify({ success: true, data }));
  });
  // Undici decides to use the idle connection, and writes to it in the next turn of the event loop: after this.
  const gateway = await startGatewayOver(
    origin,
    () => void setImmediate().then(() => origin.connections[0]?.[close]()),
  );
  await gateway.send({ query: READ });
  await setImmediate();
  expect((await gateway.send({ query: START })).data).toEqual(outcome);
  expect(methods).toEqual(expected);
});
