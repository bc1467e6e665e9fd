import { createServerAdapter } from '@whatwg-node/server';

import type { Gateway, GatewayOptions } from '../../../src/server/gateway.ts';
import { cleanUpAfterTest } from '../../support/cleanup.ts';
import { createConnection } from './connection.ts';
import { send } from './httpClient.ts';
import { SENT_HEADER } from './protocol.ts';

let lastGateway = 0;
let responses = 0;

/** The number of responses that came from workerd. */
export const responseCount = (): number => responses;

/** Creates a gateway in workerd, with the methods of one in this process that tests call. */
export function createGateway(options: GatewayOptions) {
  const workerd = workerdUrl();
  const name = `${process.pid}-${(lastGateway += 1)}`;
  const { received, announce, isOpen, call, counts, close } = createConnection(workerd, name, options);
  closeAfterTest(close);

  async function fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const request = new Request(input, init);
    const { id, end } = announce();
    const note = { gateway: name, url: request.url, id };
    const response = await isOpen
      .then(async () => send(workerd, request, { source: input, body: init?.body, note }))
      .finally(end);
    const [runtime, sent] = response.headers.get(SENT_HEADER)?.split(' ') ?? [];
    if (runtime !== 'Cloudflare-Workers') throw new Error('The response is not one of a gateway in workerd.');
    await received.waitFor(Number(sent));
    responses += 1;
    response.headers.delete(SENT_HEADER);
    return response;
  }

  // Some tests serve a gateway with Node's HTTP server.
  return Object.assign(
    createServerAdapter(async (request: Request) => fetch(request), {
      fetchAPI: { Request, Response, Headers, ReadableStream },
    }),
    {
      fetch,
      log: options.log,
      report: () => {},
      warnOfOrigin: () => {},
      checkUpstream: async (): Promise<unknown> => call('checkUpstream'),
      endSubscriptions: (): void => void call('endSubscriptions'),
      replaceApiKeys: (...keys: Parameters<Gateway['replaceApiKeys']>): void => void call('replaceApiKeys', keys),
      replaceTrustedDocuments: (...documents: Parameters<Gateway['replaceTrustedDocuments']>): void =>
        void call('replaceTrustedDocuments', documents),
      subscriptionCount: () => counts().subscriptions,
      pendingMutations: { size: () => counts().pendingMutations },
      pendingPurges:
        options.purge === null || options.purge === undefined ? undefined : { size: () => counts().pendingPurges },
    },
  );
}

function workerdUrl(): string {
  const url = process.env['WORKERD_URL'];
  if (url === undefined) throw new Error('workerd does not run: start the tests with npm run test:workers.');
  return url;
}

/** A gateway that is created outside of tests stays open until Vitest exits. */
function closeAfterTest(close: () => void): void {
  try {
    cleanUpAfterTest(close);
  } catch {
    // `onTestFinished` may only be called inside a test.
  }
}
