import { describe, expect, test } from 'vitest';

import { startTestGateway } from '../support/gateway.ts';

/** Operations with a misspelled name; `suggestion` is the name that graphql-js suggests. */
const MISSPELLINGS: [name: string, body: { query: string; variables?: object }, suggestion: string][] = [
  ['a field', { query: '{ livestreem(id: "a") { id } }' }, 'livestream'],
  ['a nested field', { query: '{ livestream(id: "a") { streamKei } }' }, 'streamKey'],
  ['an argument', { query: '{ livestreams(frist: 1) { totalCount } }' }, 'first'],
  ['a type', { query: '{ ... on Querry { __typename } }' }, 'Query'],
  [
    'a variable type',
    { query: 'query ($f: LivestreamFiltr) { livestreams(filter: $f) { totalCount } }' },
    'LivestreamFilter',
  ],
  ['a directive argument', { query: '{ __typename @skip(iff: true, if: false) }' }, '"if"'],
  ['an enum value', { query: '{ livestreams(filter: { status: LIV }) { totalCount } }' }, 'LIVE'],
  [
    'an enum value in a variable',
    {
      query: 'query ($f: LivestreamFilter) { livestreams(filter: $f) { totalCount } }',
      variables: { f: { status: 'LIV' } },
    },
    'LIVE',
  ],
  ['an input field', { query: '{ livestreams(filter: { statuss: LIVE }) { totalCount } }' }, 'status'],
  [
    'an input field in a variable',
    {
      query: 'query ($f: LivestreamFilter) { livestreams(filter: $f) { totalCount } }',
      variables: { f: { statuss: 'LIVE' } },
    },
    'status',
  ],
  [
    'a field of another type',
    { query: 'query ($r: [_Any!]!) { _entities(representations: $r) { streamKey } }', variables: { r: [] } },
    'Livestream',
  ],
  ['a missing selection', { query: '{ livestreams }' }, '{ ... }'],
];

describe('a validation error', () => {
  test.each(MISSPELLINGS)('suggests a correction by default: %s', async (_name, body, suggestion) => {
    const gateway = await startTestGateway();
    const { errors } = await gateway.send(body);
    const messages = errors.map(({ message }) => message).join(' ');
    expect(messages).toMatch(/Did you mean/);
    expect(messages.split('Did you mean')[1]).toContain(suggestion);
  });

  test.each(MISSPELLINGS)(
    'says what is wrong but suggests nothing when suggestions are off: %s',
    async (_name, body) => {
      const gateway = await startTestGateway({ options: { suggestions: false } });
      const { errors, text } = await gateway.send(body);
      expect(text).not.toContain('Did you mean');
      expect(errors[0]?.message).toMatch(/[.:;"]$/);
      expect(errors[0]?.extensions['code']).toMatch(/^(GRAPHQL_VALIDATION_FAILED|BAD_USER_INPUT)$/);
      expect(text).toContain('"locations"');
    },
  );
});

test('a value that contains thousands of suggestions costs little time when suggestions are off', async () => {
  const gateway = await startTestGateway({ options: { suggestions: false } });
  const query = 'query ($f: LivestreamFilter) { livestreams(filter: $f) { totalCount } }';
  const measureMs = async (status: string): Promise<number> => {
    const startedAt = performance.now();
    const { errors } = await gateway.send({ query, variables: { f: { status } } });
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    return performance.now() - startedAt;
  };
  const plainMs = await measureMs('x'.repeat(14 * 10_000));
  expect(await measureMs(' Did you mean '.repeat(10_000))).toBeLessThan(20 * plainMs + 100);
});
