import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import { expect, test } from 'vitest';

import { cleanUpAfterTest } from '../../support/cleanup.ts';
import { at } from '../../support/gateway.ts';
import { API_KEY, deploy, type Deployment } from './deployment.ts';

const SUBSCRIPTION = `subscription ($meetingId: ID!) { livestreamUpdated(meetingId: $meetingId) { status } }`;
const START = `mutation ($id: ID!) { startLivestream(input: { meetingId: $id }) { userErrors { code } } }`;
const STOP = `mutation ($id: ID!) { stopLivestream(input: { meetingId: $id }) { userErrors { code } } }`;
/** Livestreams that are started stay INVOKED. */
const NEVER_LIVE = { goLiveAfterMs: 600_000 };

/** Subscribes at an isolate until the test ends. Returns the statuses that have arrived so far. */
function subscribe({ origins }: Deployment, transport: string, isolate: number, meetingId: string): unknown[] {
  const origin = origins[isolate] ?? '';
  const retry = { retryAttempts: 100, retryWait: async () => new Promise<void>((resolve) => setTimeout(resolve, 100)) };
  const client =
    transport === 'SSE'
      ? createSseClient({ ...retry, url: `${origin}/graphql`, headers: { 'x-api-key': API_KEY } })
      : createWsClient({
          ...retry,
          shouldRetry: () => true,
          url: `${origin.replace('http', 'ws')}/graphql`,
          connectionParams: { 'x-api-key': API_KEY },
        });
  const statuses: unknown[] = [];
  const variables = { meetingId };
  const sink = {
    next: (result: unknown): void => void statuses.push(at(result, 'data', 'livestreamUpdated', 'status')),
    error: (error: unknown): void => void statuses.push(error),
    complete: (): void => {},
  };
  cleanUpAfterTest(client.subscribe({ query: SUBSCRIPTION, variables }, sink));
  cleanUpAfterTest(() => client.dispose());
  return statuses;
}

test.each(['SSE', 'WebSocket'])(
  'a subscriber over %s receives what happens through other isolates',
  async (transport) => {
    const worker = await deploy({ isolates: 3, sandbox: NEVER_LIVE });
    const id = worker.sandbox.exampleIds.emptyMeetingId;
    const subscribers = [0, 1, 2].map((isolate) => subscribe(worker, transport, isolate, id));
    await worker.query(START, { isolate: 0, variables: { id } });
    await expect.poll(() => subscribers).toEqual([['INVOKED'], ['INVOKED'], ['INVOKED']]);
    await worker.query(STOP, { isolate: 1, variables: { id } });
    const both = ['INVOKED', 'IDLE'];
    await expect.poll(() => subscribers).toEqual([both, both, both]);
  },
);

test.each(['SSE', 'WebSocket'])(
  'a subscriber over %s comes back after a crash, and receives the present state',
  async (transport) => {
    const worker = await deploy({ sandbox: NEVER_LIVE });
    const id = worker.sandbox.exampleIds.liveMeetingId;
    const statuses = subscribe(worker, transport, 0, id);
    await expect.poll(() => statuses).toEqual(['LIVE']);
    await worker.crash();
    await expect.poll(() => statuses).toEqual(['LIVE', 'LIVE']);
  },
);

test('a webhook is seen at once', async () => {
  const worker = await deploy();
  const { liveMeetingId } = worker.sandbox.exampleIds;
  await worker.registerWebhook();
  const statuses = subscribe(worker, 'SSE', 0, liveMeetingId);
  await expect.poll(() => statuses).toEqual(['LIVE']);
  worker.sandbox.trigger({ kind: 'meeting-ended', meetingId: liveMeetingId });
  // Polling would find it after ten seconds.
  await expect.poll(() => statuses, { timeout: 5000 }).toEqual(['LIVE', 'IDLE']);
});
