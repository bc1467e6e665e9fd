import { describe, expect, test } from 'vitest';

import { entities, meeting, UNKNOWN } from '../support/entities.ts';
import { matching, startTestGateway, until } from '../support/gateway.ts';

const MEETING = 'GET /meetings/{meeting_id}';
const ACTIVE_LIVESTREAM = 'GET /meetings/{meeting_id}/active-livestream';

describe('a reference to a meeting', () => {
  /** What a selection of `... on Meeting` asks upstream for, and what it gives, for a meeting that does not exist. */
  test.each<[selection: string, requests: string[], given: unknown]>([
    ['id', [], { id: UNKNOWN }],
    ['__typename', [], { __typename: 'Meeting' }],
    ['title: id status: __typename', [], { title: UNKNOWN, status: 'Meeting' }],
    ['id: title', [MEETING], null],
    ['title', [MEETING], null],
    ['status', [MEETING], null],
    ['createdAt', [MEETING], null],
    ['updatedAt', [MEETING], null],
    ['... { ... on Meeting { id ... { title } } }', [MEETING], null],
    ['activeLivestream { id }', [ACTIVE_LIVESTREAM], { activeLivestream: null }],
    ['activeLivestream { createdAt status updatedAt }', [ACTIVE_LIVESTREAM], { activeLivestream: null }],
    ['activeLivestream: id status: __typename', [], { activeLivestream: UNKNOWN, status: 'Meeting' }],
  ])('to { %s } is paid for by what it needs alone', async (selection, requests, given) => {
    const gateway = await startTestGateway();
    expect(await entities(gateway, [meeting(UNKNOWN)], `... on Meeting { ${selection} }`)).toEqual([given]);
    expect(gateway.upstream()).toEqual(requests);
  });

  test.each([
    ['named', '...Details', 'fragment Details on Meeting { id title }', [MEETING]],
    ['nested', '...Outer', 'fragment Outer on Meeting { ...Inner } fragment Inner on Meeting { status }', [MEETING]],
    ['named after a field', '...title', 'fragment title on Meeting { id }', []],
    ['of other types', '... on Livestream { createdAt } ...title', 'fragment title on Meeting { id }', []],
    ['of an entity of any type', '... on _Entity { __typename ... on Meeting { id } }', '', []],
  ])('is seen through fragments: %s', async (_kind, selection, fragments, requests) => {
    const gateway = await startTestGateway();
    const { liveMeetingId } = gateway.samples;
    expect(await entities(gateway, [meeting(liveMeetingId)], selection, fragments)).toEqual([expect.any(Object)]);
    expect(gateway.upstream()).toEqual(requests);
  });

  // An entity's own name as a type condition says nothing of what is selected below it.
  test('is null where there is no such meeting, also where its details stand below a fragment of any entity', async () => {
    const gateway = await startTestGateway();
    const fragments = 'fragment Any on _Entity { ... on Meeting { title } }';
    expect(await entities(gateway, [meeting(UNKNOWN)], '...Any', fragments)).toEqual([null]);
  });

  test.each([
    ['title @skip(if: true)', []],
    ['title @include(if: false)', []],
    ['... @include(if: false) { title }', []],
    ['title activeLivestream @skip(if: true) { id }', [MEETING]],
  ])('does not pay for what is left out: %s', async (selection, requests) => {
    const gateway = await startTestGateway();
    await entities(gateway, [meeting(gateway.samples.liveMeetingId)], `... on Meeting { id ${selection} }`);
    // What nobody waits for has arrived by the time a further request has its answer.
    await gateway.control();
    expect(gateway.upstream()).toEqual(requests);
  });

  test.each(['title @skip(if: false)', 'title @include(if: true)', '... @include(if: true) { title }'])(
    'gives what is not left out: %s',
    async (selection) => {
      const gateway = await startTestGateway();
      const found = await entities(
        gateway,
        [meeting(gateway.samples.liveMeetingId)],
        `... on Meeting { ${selection} }`,
      );
      expect(found).toEqual([{ title: matching(/./) }]);
      expect(gateway.upstream()).toEqual([MEETING]);
    },
  );

  test('has its details and its active livestream read side by side', async () => {
    const gateway = await startTestGateway({ settings: { latencyMs: 1000 } });
    const { liveMeetingId, liveLivestreamId } = gateway.samples;
    const answer = entities(gateway, [meeting(liveMeetingId)], '... on Meeting { title activeLivestream { id } }');
    await until(() => gateway.sandbox.requests().inFlight === 2);
    gateway.clock.advance(1000);

    expect(await answer).toEqual([{ title: matching(/./), activeLivestream: { id: liveLivestreamId } }]);
    expect(gateway.sandbox.requests().mostInFlight).toBe(2);
    expect(gateway.upstream().toSorted()).toEqual([MEETING, ACTIVE_LIVESTREAM]);
  });
});
