import { createClient } from 'graphql-sse';
import { describe, expect, test } from 'vitest';

import { agendaOf } from '../../examples/agenda.ts';
import { at } from '../support/gateway.ts';
import { type FederationOptions, HIVE, startFederation } from './federation.ts';
import { HIVE_GATEWAY_WITH_WEBSOCKETS } from './startRouter.ts';

const SUBSCRIPTION = /* GraphQL */ `
  subscription ($id: ID!) {
    livestreamUpdated(meetingId: $id) {
      status
      meeting {
        agenda
      }
    }
  }
`;

const STOP = 'mutation ($id: ID!) { stopLivestream(input: { meetingId: $id }) { userErrors { code } } }';

const TRANSPORTS: [string, FederationOptions][] = [
  ['Server-Sent Events', HIVE],
  ['WebSocket', { ...HIVE, router: HIVE_GATEWAY_WITH_WEBSOCKETS }],
];

describe.each(TRANSPORTS)('a subscription through Hive Gateway, which subscribes over %s', (transport, options) => {
  test('delivers each change with the fields of another subgraph, and ends at this gateway when the client ends it', async () => {
    await using federation = await startFederation(options);
    const { execute, livestreams, url } = federation;
    const id = livestreams.sandbox.exampleIds.liveMeetingId;
    const headers = { authorization: 'Bearer caller-token' };
    const client = createClient({ url, headers, retryAttempts: 0 });
    const events = client.iterate({ query: SUBSCRIPTION, variables: { id } });

    const next = async (): Promise<unknown> => (await events.next()).value;
    expect(await next()).toEqual({
      data: { livestreamUpdated: { status: 'LIVE', meeting: { agenda: agendaOf(id) } } },
    });
    const { data } = await execute(STOP, { id });
    expect(data).toEqual({ stopLivestream: { userErrors: [] } });
    expect(at(await next(), 'data', 'livestreamUpdated', 'status')).not.toBe('LIVE');
    expect(livestreams.webSocketAuthorizations().includes(headers.authorization)).toBe(transport === 'WebSocket');
    await events.return?.();
    await expect.poll(() => livestreams.subscriptionCount(), { timeout: 10_000 }).toBe(0);
  });
});
