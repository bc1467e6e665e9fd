import { EventSourceParserStream } from 'eventsource-parser/stream';
import { isIntrospectionType, isObjectType, OperationTypeNode } from 'graphql';
import { expect, test } from 'vitest';

import { gatewaySchema } from '../../src/graphql/schema.ts';
import { everyOperation, GENEROUS_LIMITS, type RootArguments, rootTypeOf } from '../support/everyOperation.ts';
import { at, nonNull, startTestGateway, type TestGateway } from '../support/gateway.ts';

const schema = gatewaySchema();

function createArguments({ exampleIds }: TestGateway): RootArguments {
  const { liveMeetingId, emptyMeetingId, liveLivestreamId, liveSessionId, erroredSessionId } = exampleIds;
  return {
    meeting: [`id: "${liveMeetingId}"`],
    livestream: [`id: "${liveLivestreamId}"`],
    livestreamSession: [`id: "${liveSessionId}"`, `id: "${erroredSessionId}"`],
    _entities: [`representations: [{ __typename: "Meeting", id: "${liveMeetingId}" }]`],
    livestreamUpdated: [`livestreamId: "${liveLivestreamId}"`],
    startLivestream: [
      `input: { meetingId: "${emptyMeetingId}" }`,
      `input: { meetingId: "${emptyMeetingId}", video: { width: 0, height: 1 } }`,
    ],
    stopLivestream: [`input: { meetingId: "${liveMeetingId}" }`, `input: { meetingId: "${emptyMeetingId}-unknown" }`],
  };
}

/** Adds the coordinate (`Type.field`) of each field that has a value: not null, and not an empty list. */
function collectFields(value: unknown, coordinates: Set<string>, typename = at(value, '__typename')): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, fieldValue] of Object.entries<unknown>({ ...value })) {
    const isEmpty = fieldValue === null || (Array.isArray(fieldValue) && fieldValue.length === 0);
    if (!isEmpty) coordinates.add(`${String(typename)}.${name}`);
    collectFields(fieldValue, coordinates);
  }
}

/** Returns the result of an operation; of a subscription the first one. */
async function execute(gateway: TestGateway, kind: OperationTypeNode, query: string): Promise<unknown> {
  if (kind !== OperationTypeNode.SUBSCRIPTION) return JSON.parse((await gateway.send({ query })).text);
  const connection = new AbortController();
  const response = await gateway.server.fetch('http://gateway.test/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query }),
    signal: connection.signal,
  });
  const events = nonNull(response.body).pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  const reader = events.getReader();
  try {
    const { value } = await reader.read();
    return JSON.parse(nonNull(value).data);
  } finally {
    await reader.cancel();
    connection.abort();
  }
}

test('every field of every object type has a value in at least one result', async () => {
  const gateway = await startTestGateway({
    settings: { quota: { limit: 1_000_000 } },
    caching: { maxRequestsPerOperation: 100_000 },
    options: { limits: GENEROUS_LIMITS },
  });
  const argumentsByField = createArguments(gateway);
  const withValues = new Set<string>();
  for (const kind of [OperationTypeNode.QUERY, OperationTypeNode.SUBSCRIPTION, OperationTypeNode.MUTATION])
    for (const operation of everyOperation(kind, argumentsByField)) {
      const result = await execute(gateway, kind, operation);
      expect(at(result, 'errors')).toBeUndefined();
      collectFields(at(result, 'data'), withValues, rootTypeOf(kind).name);
    }

  const coordinates = Object.values(schema.getTypeMap()).flatMap((type) =>
    isObjectType(type) && !isIntrospectionType(type)
      ? Object.keys(type.getFields()).map((field) => `${type.name}.${field}`)
      : [],
  );
  expect(coordinates.length).toBeGreaterThan(80);
  expect(coordinates.filter((coordinate) => !withValues.has(coordinate))).toEqual([]);
});
