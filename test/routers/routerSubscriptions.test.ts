import { createClient } from 'graphql-sse';
import { describe, expect, test } from 'vitest';

import { at } from '../support/gateway.ts';
import { agendaOf } from '../../examples/agenda.ts';
import { type FederationOptions, HIVE, startFederation } from './federation.ts';
import { HIVE_GATEWAY_WITH_SOCKETS } from './startRouter.ts';

const WATCH = /* GraphQL */ `
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

const OVER: [string, FederationOptions][] = [
  ['event streams', HIVE],
  ['a WebSocket', { ...HIVE, router: HIVE_GATEWAY_WITH_SOCKETS }],
];

describe.each(OVER)('a subscription through Hive Gateway, which watches over %s', (way, options) => {
  test('tells each change, with what another subgraph knows; its end reaches us', async () => {
    await using federation = await startFederation(options);
    const { ask, livestreams, url } = federation;
    const id = livestreams.sandbox.exampleIds.liveMeetingId;
    const headers = { authorization: 'Bearer of-a-caller' };
    const client = createClient({ url, headers, retryAttempts: 0 });
    const events = client.iterate({ query: WATCH, variables: { id } });

    const next = async (): Promise<unknown> => (await events.next()).value;
    expect(await next()).toEqual({
      data: { livestreamUpdated: { status: 'LIVE', meeting: { agenda: agendaOf(id) } } },
    });
    const { data } = await ask(STOP, { id });
    expect(data).toEqual({ stopLivestream: { userErrors: [] } });
    expect(at(await next(), 'data', 'livestreamUpdated', 'status')).not.toBe('LIVE');
    expect(livestreams.overSockets().includes(headers.authorization)).toBe(way === 'a WebSocket');
    await events.return?.();
    await expect.poll(() => livestreams.subscriptions(), { timeout: 10_000 }).toBe(0);
  });
});
