import { expect } from 'vitest';

import { type TestResponse, at, asArray, type TestGateway } from './gateway.ts';

/** An id of nothing. */
export const UNKNOWN = 'no-such-thing';

export const meeting = (id: unknown) => ({ __typename: 'Meeting', id });
export const livestream = (id: unknown) => ({ __typename: 'Livestream', id });
export const session = (id: unknown) => ({ __typename: 'LivestreamSession', id });

/** Asks as a router does. `fragments` stand behind the operation. */
export async function ask(
  gateway: TestGateway,
  representations: readonly unknown[],
  selection: string,
  fragments = '',
): Promise<TestResponse> {
  const query = `query ($representations: [_Any!]!) { _entities(representations: $representations) { ${selection} } } ${fragments}`;
  return gateway.send({ query, variables: { representations } });
}

/** The entities; throws where the answer has an error. */
export async function entities(gateway: TestGateway, ...question: [unknown[], string, string?]): Promise<unknown[]> {
  const { data, errors } = await ask(gateway, ...question);
  expect(errors).toEqual([]);
  return asArray(at(data, '_entities'));
}
