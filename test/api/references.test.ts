import { describe, expect, test } from 'vitest';

import { fetchEntities, meetingRepresentation, UNKNOWN_ID } from '../support/entities.ts';
import { matching, startTestGateway, waitUntil } from '../support/gateway.ts';

const MEETING = 'GET /meetings/{meeting_id}';
const ACTIVE_LIVESTREAM = 'GET /meetings/{meeting_id}/active-livestream';

describe('a reference to a meeting', () => {
  /** The upstream requests and the entity of a selection on a meeting that does not exist. */
  test.each<[selection: string, requests: string[], entity: unknown]>([
    ['id', [], { id: UNKNOWN_ID }],
    ['__typename', [], { __typename: 'Meeting' }],
    ['title: id status: __typename', [], { title: UNKNOWN_ID, status: 'Meeting' }],
    ['id: title', [MEETING], null],
    ['title', [MEETING], null],
    ['status', [MEETING], null],
    ['createdAt', [MEETING], null],
    ['updatedAt', [MEETING], null],
    ['... { ... on Meeting { id ... { title } } }', [MEETING], null],
    ['activeLivestream { id }', [ACTIVE_LIVESTREAM], { activeLivestream: null }],
    ['activeLivestream { createdAt status updatedAt }', [ACTIVE_LIVESTREAM], { activeLivestream: null }],
    ['activeLivestream: id status: __typename', [], { activeLivestream: UNKNOWN_ID, status: 'Meeting' }],
  ])(
    'with the selection { %s } costs only the requests that the selection needs',
    async (selection, requests, entity) => {
      const gateway = await startTestGateway();
      expect(
        await fetchEntities(gateway, [meetingRepresentation(UNKNOWN_ID)], `... on Meeting { ${selection} }`),
      ).toEqual([entity]);
      expect(gateway.upstreamRequests()).toEqual(requests);
    },
  );

  test.each([
    ['a named fragment', '...Details', 'fragment Details on Meeting { id title }', [MEETING]],
    [
      'a nested fragment',
      '...Outer',
      'fragment Outer on Meeting { ...Inner } fragment Inner on Meeting { status }',
      [MEETING],
    ],
    ['a fragment named after a field', '...title', 'fragment title on Meeting { id }', []],
    ['a fragment on another type', '... on Livestream { createdAt } ...title', 'fragment title on Meeting { id }', []],
    ['a fragment on _Entity', '... on _Entity { __typename ... on Meeting { id } }', '', []],
  ])('costs only the requests that its fragments need: %s', async (_name, selection, fragments, requests) => {
    const gateway = await startTestGateway();
    const { liveMeetingId } = gateway.exampleIds;
    expect(await fetchEntities(gateway, [meetingRepresentation(liveMeetingId)], selection, fragments)).toEqual([
      expect.any(Object),
    ]);
    expect(gateway.upstreamRequests()).toEqual(requests);
  });

  // The type condition `_Entity` alone does not show which fields of a meeting are selected.
  test('is null when the meeting does not exist and a fragment on _Entity selects its details', async () => {
    const gateway = await startTestGateway();
    const fragments = 'fragment Any on _Entity { ... on Meeting { title } }';
    expect(await fetchEntities(gateway, [meetingRepresentation(UNKNOWN_ID)], '...Any', fragments)).toEqual([null]);
  });

  test.each([
    ['title @skip(if: true)', []],
    ['title @include(if: false)', []],
    ['... @include(if: false) { title }', []],
    ['title activeLivestream @skip(if: true) { id }', [MEETING]],
  ])('costs no request for a skipped field: %s', async (selection, requests) => {
    const gateway = await startTestGateway();
    await fetchEntities(
      gateway,
      [meetingRepresentation(gateway.exampleIds.liveMeetingId)],
      `... on Meeting { id ${selection} }`,
    );
    // By the end of this round trip, the sandbox would have received any request that the gateway does not await.
    await gateway.roundTrip();
    expect(gateway.upstreamRequests()).toEqual(requests);
  });

  test.each(['title @skip(if: false)', 'title @include(if: true)', '... @include(if: true) { title }'])(
    'resolves a field that a directive includes: %s',
    async (selection) => {
      const gateway = await startTestGateway();
      const found = await fetchEntities(
        gateway,
        [meetingRepresentation(gateway.exampleIds.liveMeetingId)],
        `... on Meeting { ${selection} }`,
      );
      expect(found).toEqual([{ title: matching(/./) }]);
      expect(gateway.upstreamRequests()).toEqual([MEETING]);
    },
  );

  test('reads its details and its active livestream concurrently', async () => {
    const gateway = await startTestGateway({ settings: { latencyMs: 1000 } });
    const { liveMeetingId, liveLivestreamId } = gateway.exampleIds;
    const results = fetchEntities(
      gateway,
      [meetingRepresentation(liveMeetingId)],
      '... on Meeting { title activeLivestream { id } }',
    );
    await waitUntil(() => gateway.sandbox.requests().inFlight === 2);
    gateway.clock.advance(1000);

    expect(await results).toEqual([{ title: matching(/./), activeLivestream: { id: liveLivestreamId } }]);
    expect(gateway.sandbox.requests().maxInFlight).toBe(2);
    expect(gateway.upstreamRequests().toSorted()).toEqual([MEETING, ACTIVE_LIVESTREAM]);
  });
});
