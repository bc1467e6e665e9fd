import { expect } from 'vitest';

import { type TestResponse, at, asArray, type TestGateway } from './gateway.ts';

/** An id that belongs to nothing. */
export const UNKNOWN_ID = 'no-such-thing';

export const meetingRepresentation = (id: unknown) => ({ __typename: 'Meeting', id });
export const livestreamRepresentation = (id: unknown) => ({ __typename: 'Livestream', id });
export const sessionRepresentation = (id: unknown) => ({ __typename: 'LivestreamSession', id });

/** Queries `_entities` as a router does. `fragments` are appended to the operation. */
export async function queryEntities(
  gateway: TestGateway,
  representations: readonly unknown[],
  selection: string,
  fragments = '',
): Promise<TestResponse> {
  const query = `query ($representations: [_Any!]!) { _entities(representations: $representations) { ${selection} } } ${fragments}`;
  return gateway.send({ query, variables: { representations } });
}

/** Resolves with the entities. Throws if the response has errors. */
export async function fetchEntities(
  gateway: TestGateway,
  ...question: [unknown[], string, string?]
): Promise<unknown[]> {
  const { data, errors } = await queryEntities(gateway, ...question);
  expect(errors).toEqual([]);
  return asArray(at(data, '_entities'));
}
