import { expect, test } from 'vitest';

import { graphql } from '../generated/gql.ts';
import { at, rowsOf, startTestGateway, until } from '../support/gateway.ts';

const Watched = graphql(`
  query Watched($id: ID!) {
    livestream(id: $id) {
      name
    }
  }
`);

const StartAndLeave = graphql(`
  mutation StartAndLeave($meetingId: ID!) {
    startLivestream(input: { meetingId: $meetingId }) {
      livestream {
        id
      }
    }
  }
`);

test('a caller who leaves ends the read that only it wanted', async () => {
  const gateway = await startTestGateway();
  gateway.sandbox.fail([{ kind: 'hang' }]);
  const caller = new AbortController();
  const variables = { id: gateway.samples.liveLivestreamId };
  const left = gateway.execute(Watched, variables, { signal: caller.signal }).catch(() => null);
  await until(() => gateway.sandbox.requests().inFlight === 1);
  caller.abort();

  // The sandbox sees the connection close: nothing else ends a hang.
  await until(() => gateway.sandbox.requests().inFlight === 0);
  await left;
  expect(gateway.upstream()).toEqual(['GET /livestreams/{livestream_id}']);
  expect(gateway.logs).toEqual([]);
});

test('a caller who leaves does not end the same read of another', async () => {
  const gateway = await startTestGateway({ settings: { latencyMs: 1000 } });
  const caller = new AbortController();
  const variables = { id: gateway.samples.liveLivestreamId };
  const left = gateway.execute(Watched, variables, { signal: caller.signal }).catch(() => null);
  const stayed = gateway.execute(Watched, variables);
  await until(() => gateway.sandbox.requests().inFlight === 1);
  caller.abort();
  await left;
  // A round trip later a connection that was dropped would be known to be.
  await gateway.control();
  gateway.clock.advance(1000);

  expect((await stayed).data?.livestream?.name).toMatch(/./);
  expect(gateway.upstream()).toEqual(['GET /livestreams/{livestream_id}']);
});

test('a start that is under way goes on when its caller leaves', async () => {
  const gateway = await startTestGateway({ settings: { latencyMs: 1000 } });
  const meetingId = gateway.samples.emptyMeetingId;
  const caller = new AbortController();
  const left = gateway.execute(StartAndLeave, { meetingId }, { signal: caller.signal }).catch(() => null);
  await until(() => gateway.sandbox.requests().inFlight === 1);
  caller.abort();
  await left;

  // A round trip later a connection that was dropped would be known to be.
  await gateway.control();
  expect(gateway.sandbox.requests().inFlight).toBe(1);
  gateway.clock.advance(1000);
  await until(() => gateway.sandbox.requests().inFlight === 0);
  gateway.sandbox.configure({ latencyMs: 0 });
  expect(rowsOf(at(await gateway.rest(`/meetings/${meetingId}/livestream`), 'livestreams'))).toHaveLength(1);
});
