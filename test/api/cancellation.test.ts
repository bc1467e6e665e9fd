import { expect, test } from 'vitest';

import { graphql } from '../generated/gql.ts';
import { at, asArray, startTestGateway, waitUntil } from '../support/gateway.ts';

const LivestreamName = graphql(`
  query LivestreamName($id: ID!) {
    livestream(id: $id) {
      name
    }
  }
`);

const SessionCounts = graphql(`
  query SessionCounts {
    livestreams(first: 100) {
      nodes {
        sessions(first: 1) {
          totalCount
        }
      }
    }
  }
`);

const StartThenCancel = graphql(`
  mutation StartThenCancel($meetingId: ID!) {
    startLivestream(input: { meetingId: $meetingId }) {
      livestream {
        id
      }
    }
  }
`);

test('a caller that disconnects cancels the upstream read that no other caller waits for', async () => {
  const gateway = await startTestGateway();
  gateway.sandbox.setFaults([{ kind: 'hang' }]);
  const caller = new AbortController();
  const variables = { id: gateway.exampleIds.liveLivestreamId };
  const cancelled = gateway.execute(LivestreamName, variables, { signal: caller.signal }).catch(() => null);
  await waitUntil(() => gateway.sandbox.requests().inFlight === 1);
  caller.abort();

  // Only a closed connection ends a request that hangs in the sandbox.
  await waitUntil(() => gateway.sandbox.requests().inFlight === 0);
  await cancelled;
  expect(gateway.upstreamRequests()).toEqual(['GET /livestreams/{livestream_id}']);
  expect(gateway.logs).toEqual([]);
});

test('a caller that disconnects does not cancel an upstream read that another caller waits for', async () => {
  const gateway = await startTestGateway({ settings: { latencyMs: 1000 } });
  const caller = new AbortController();
  const variables = { id: gateway.exampleIds.liveLivestreamId };
  const cancelled = gateway.execute(LivestreamName, variables, { signal: caller.signal }).catch(() => null);
  const completed = gateway.execute(LivestreamName, variables);
  await waitUntil(() => gateway.sandbox.requests().inFlight === 1);
  caller.abort();
  await cancelled;
  // After this round trip, the sandbox would have noticed a dropped connection.
  await gateway.roundTrip();
  gateway.clock.advance(1000);

  expect((await completed).data?.livestream?.name).toMatch(/./);
  expect(gateway.upstreamRequests()).toEqual(['GET /livestreams/{livestream_id}']);
});

test('after an error that leaves no data, no more requests are sent for other fields', async () => {
  const gateway = await startTestGateway({ options: { costReport: true } });
  gateway.sandbox.setFaults([{ kind: 'status', status: 501, route: '/livestreams/{livestream_id}' }]);
  const { data, text } = await gateway.execute(SessionCounts, {}, { headers: { 'x-cost': '1' } });
  await waitUntil(() => gateway.sandbox.requests().inFlight === 0);
  await gateway.roundTrip();
  const actual = at(JSON.parse(text), 'extensions', 'cost', 'actual');
  expect(data).toBeNull();
  // One that was about to be sent may have been cancelled.
  expect(gateway.upstreamRequests().length).toBeLessThanOrEqual(Number(actual));
  expect(actual).toBeLessThan(101);
});

test('a start in flight completes although its caller disconnects', async () => {
  const gateway = await startTestGateway({ settings: { latencyMs: 1000 } });
  const meetingId = gateway.exampleIds.emptyMeetingId;
  const caller = new AbortController();
  const cancelled = gateway.execute(StartThenCancel, { meetingId }, { signal: caller.signal }).catch(() => null);
  await waitUntil(() => gateway.sandbox.requests().inFlight === 1);
  caller.abort();
  await cancelled;

  // After this round trip, the sandbox would have noticed a dropped connection.
  await gateway.roundTrip();
  expect(gateway.sandbox.requests().inFlight).toBe(1);
  gateway.clock.advance(1000);
  await waitUntil(() => gateway.sandbox.requests().inFlight === 0);
  gateway.sandbox.configure({ latencyMs: 0 });
  expect(asArray(at(await gateway.rest(`/meetings/${meetingId}/livestream`), 'livestreams'))).toHaveLength(1);
});
