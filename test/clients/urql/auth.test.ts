import { describe, expect, test } from 'vitest';

import { apiKeySettings } from '../../support/identityProvider.ts';
import { LivestreamUpdated } from './operations.ts';
import { startClient } from './startClient.ts';

const AUTH = { options: { auth: apiKeySettings({ valid: ['livestream:read'] }) } };

describe("the access token of urql's authExchange", () => {
  test('is renewed once it has expired, and the query is repeated', async () => {
    let token = 'expired';
    const { loadList, shown } = await startClient(AUTH, {
      token: () => token,
      refresh: async () => void (token = 'valid'),
    });
    expect(await loadList()).toMatchObject({ data: { livestreams: { totalCount: 320 } } });
    expect([token, shown]).toEqual(['valid', []]);
  });

  test('is renewed only once, and then the user is asked to sign in', async () => {
    let refreshCount = 0;
    const refresh = async () => void (refreshCount += 1);
    const { loadList, shown } = await startClient(AUTH, { token: () => 'expired', refresh });
    expect((await loadList()).data).toBeUndefined();
    expect([refreshCount, shown]).toEqual([1, ['Your session has expired. Sign in again.']]);
  });

  test('is sent over the event stream of subscriptions, too', async () => {
    const { client, gateway } = await startClient(AUTH, { token: () => 'valid' });
    const variables = { meetingId: gateway.exampleIds.liveMeetingId };
    const results: unknown[] = [];
    client.subscription(LivestreamUpdated, variables).subscribe((result) => results.push(result));
    await expect.poll(() => results).toMatchObject([{ data: { livestreamUpdated: { status: 'LIVE' } } }]);
  });
});
