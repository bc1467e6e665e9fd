import { expect, test } from 'vitest';

import { startTestGateway } from '../../support/gateway.ts';
import { apiKeySettings } from '../../support/identityProvider.ts';
import { serveGateway } from '../../support/servedGateway.ts';
import * as graphqlSse from './graphqlSse.ts';
import * as graphqlWs from './graphqlWs.ts';

test.each([
  ['graphql-ws', 'socketUrl', graphqlWs],
  ['graphql-sse', 'url', graphqlSse],
] as const)('%s receives the current state of a livestream', async (_name, url, { subscribe }) => {
  const gateway = await startTestGateway({ options: { auth: apiKeySettings({ key: ['livestream:read'] }) } });
  const served = await serveGateway(gateway);
  const query = `subscription { livestreamUpdated(meetingId: "${gateway.exampleIds.liveMeetingId}") { status } }`;
  const results = subscribe(served[url], async () => 'key', query);
  const { value } = await results.next();
  await results.return();
  expect(value).toEqual({ data: { livestreamUpdated: { status: 'LIVE' } } });
});
