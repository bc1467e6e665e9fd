import { ApolloClient, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { describe, expect, test } from 'vitest';

import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { serveGateway } from '../../support/servedGateway.ts';

const subscriptionTo = (meetingId: string): string =>
  `subscription { livestreamUpdated(meetingId: "${meetingId}") { status } }`;

describe('Apollo Client with its HttpLink', () => {
  function createClient(uri: string): ApolloClient {
    return new ApolloClient({ link: new HttpLink({ uri }), cache: new InMemoryCache() });
  }

  async function start(gateway: TestGateway, meetingId: string): Promise<void> {
    const query = `mutation { startLivestream(input: { meetingId: "${meetingId}" }) { userErrors { code } } }`;
    expect((await gateway.send({ query })).errors).toEqual([]);
  }

  test('receives the current state of a livestream, every change, and nothing for heartbeats', async () => {
    const gateway = await startTestGateway();
    const { url } = await serveGateway(gateway);
    const meetingId = gateway.exampleIds.idleMeetingId;
    await start(gateway, meetingId);
    const results: unknown[] = [];
    const subscription = createClient(url)
      .subscribe({ query: gql(subscriptionTo(meetingId)) })
      .subscribe({ next: (result) => results.push(result), error: (error: unknown) => results.push(error) });
    await expect.poll(() => results.length).toBe(1);
    const advance = (): number => {
      gateway.clock.advance(1000);
      return results.length;
    };
    await expect.poll(advance, { interval: 10 }).toBeGreaterThan(1);
    expect(results[0]).toEqual({ data: { livestreamUpdated: { __typename: 'Livestream', status: 'INVOKED' } } });
    expect(results[1]).toEqual({ data: { livestreamUpdated: { __typename: 'Livestream', status: 'LIVE' } } });
    subscription.unsubscribe();
    await expect.poll(() => gateway.server.subscriptionCount()).toBe(0);
  });

  test.each([
    ['an invalid subscription', 'subscription { nope }', /Cannot query field/],
    [
      'a subscription to a livestream that does not exist',
      'subscription { livestreamUpdated(livestreamId: "none") { id } }',
      /No livestream/,
    ],
  ])('receives the errors of %s', async (_case, document, message) => {
    const { url } = await serveGateway(await startTestGateway());
    const results: unknown[] = [];
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    createClient(url)
      .subscribe({ query: gql(document) })
      .subscribe({ next: ({ error }) => results.push(error), error: reject, complete: resolve });
    await promise;
    expect(results).toHaveLength(1);
    expect(CombinedGraphQLErrors.is(results[0])).toBe(true);
    expect(String(results[0])).toMatch(message);
  });

  test('gets an error when the stream breaks because the gateway shuts down', async () => {
    const gateway = await startTestGateway();
    const { url } = await serveGateway(gateway);
    const errors: unknown[] = [];
    const query = gql(subscriptionTo(gateway.exampleIds.liveMeetingId));
    createClient(url)
      .subscribe({ query })
      .subscribe({ next: ({ error }) => error && errors.push(error), error: (error: unknown) => errors.push(error) });
    await expect.poll(() => gateway.server.subscriptionCount()).toBe(1);
    gateway.server.endSubscriptions();
    await expect.poll(() => errors.length).toBe(1);
  });
});
