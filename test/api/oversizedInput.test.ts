import { describe, expect, test } from 'vitest';

import { codesOf, startRecordingGateway } from '../support/recordingGateway.ts';

describe('a megabyte of invalid input', () => {
  const START = 'mutation($a: StartLivestreamInput!) { startLivestream(input: $a) { userErrors { code } } }';
  const ENTITIES = 'query($a: [_Any!]!) { _entities(representations: $a) { __typename } }';
  const DATE = 'query($a: DateTime) { livestreams(filter: { from: $a }) { totalCount } }';
  const STATUS = 'query($a: LivestreamStatus) { livestreams(filter: { status: $a }) { totalCount } }';
  const NUMBER = 'query($a: Int) { livestreams(first: $a) { totalCount } }';
  const ID = 'query($a: ID!) { livestream(id: $a) { id } }';
  const list = (count: number, json: string): string => `[${Array<string>(count).fill(json).join(',')}]`;
  const text = (count: number, part: string): string => `"${part.repeat(count)}"`;
  const fields = Array.from({ length: 5000 }, (_, index) => `"field${index}":1`);
  const DEEP = '['.repeat(100_000) + ']'.repeat(100_000);

  test.each<[string, string, string]>([
    ['unknown input fields', START, `{${fields.join(',')}}`],
    ['an input field with a long name', START, `{"meetingId":"a",${text(500_000, 'n')}:1}`],
    ['malformed representations', ENTITIES, list(20_000, '1')],
    ['representations without an id', ENTITIES, list(20_000, '{"__typename":"Meeting"}')],
    ['null representations', ENTITIES, list(100_000, 'null')],
    ['one representation repeated', ENTITIES, list(20_000, '{"__typename":"Meeting","id":"a"}')],
    ['a long string as a date', DATE, text(500_000, 'x')],
    ['a long string as a status', STATUS, text(500_000, 'L')],
    ['a long string as an id', ID, text(500_000, 'a')],
    ['a string full of "Did you mean" as a number', NUMBER, text(30_000, ' Did you mean ')],
    ['a deeply nested list as an id', ID, DEEP],
    ['a deeply nested list in an unused variable', '{ __typename }', DEEP],
    ['a deeply nested representation', ENTITIES, `[${DEEP}]`],
  ])('is rejected within 10 s with a response under 100 kB: %s', { timeout: 10_000 }, async (_name, query, value) => {
    const gateway = await startRecordingGateway({ suggestions: false });
    const response = await gateway.fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: `{"query":${JSON.stringify(query)},"variables":{"a":${value}}}`,
    });
    expect([200, 400]).toContain(response.status);
    expect(codesOf(response)).not.toContain('INTERNAL_SERVER_ERROR');
    expect(codesOf(response)).not.toEqual([]);
    expect(response.text.length).toBeLessThan(100_000);
    expect([gateway.sent(), gateway.logs]).toEqual([[], []]);
  });
});
