import { GRAPHQL_TRANSPORT_WS_PROTOCOL } from 'graphql-ws';
import { expect, test } from 'vitest';

import { createConnections } from '../../../src/server/websocket/connections.ts';

test('a connection that cannot be authenticated, because the gateway does not respond, is closed so that clients connect again', async () => {
  const fetch = async (): Promise<Response> => Promise.reject(new Error('Network connection lost.'));
  const options = { corsOrigins: [], localOnly: false, maxOperations: 1, log: () => {} };
  const closes: [number, string][] = [];
  const connection = createConnections({ ...options, fetch }).open(
    {
      protocol: GRAPHQL_TRANSPORT_WS_PROTOCOL,
      isOpen: () => closes.length === 0,
      send: async () => {},
      close: (...close) => void closes.push(close),
    },
    {},
  );
  await connection.receive('{"type":"connection_init"}');
  connection.end(1012, '');
  expect(closes).toEqual([[1012, 'Connect again.']]);
});
