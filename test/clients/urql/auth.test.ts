import { describe, expect, test } from 'vitest';

import { createFakeClock } from '../../support/fakeClock.ts';
import { apiKeySettings, signingKey, signToken, startIdentityProvider } from '../../support/identityProvider.ts';
import { fakeClientTimers } from '../support/fakeTimers.ts';
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

  test('is sent over the WebSocket of subscriptions, too', async () => {
    const { client, gateway } = await startClient(AUTH, { token: () => 'valid' });
    const variables = { meetingId: gateway.exampleIds.liveMeetingId };
    const results: unknown[] = [];
    client.subscription(LivestreamUpdated, variables).subscribe((result) => results.push(result));
    await expect.poll(() => results).toMatchObject([{ data: { livestreamUpdated: { status: 'LIVE' } } }]);
  });

  test('is a new one when a subscription goes on after the old one has expired', async () => {
    const provider = await startIdentityProvider();
    const key = await signingKey('a');
    provider.publish(key);
    let now = createFakeClock().now();
    const token = async (): Promise<string> => signToken({ key, now });
    const { client, gateway } = await startClient({ options: { auth: provider.settings(0) } }, { token });
    const variables = { meetingId: gateway.exampleIds.liveMeetingId };
    const results: unknown[] = [];
    client.subscription(LivestreamUpdated, variables).subscribe((result) => results.push(result));
    await expect.poll(() => results.length).toBe(1);
    const timers = fakeClientTimers();
    now += 300_000;
    gateway.clock.advance(300_000);
    timers.advance(await timers.waitForTimer(1000, 4000));
    await expect.poll(() => results.length).toBe(2);
    expect(results[1]).toMatchObject({ data: { livestreamUpdated: { status: 'LIVE' } } });
    expect(gateway.server.subscriptionCount()).toBe(1);
  });
});
