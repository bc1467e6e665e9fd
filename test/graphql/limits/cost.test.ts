import { getOperationAST, getVariableValues, parse } from 'graphql';
import { describe, expect, test } from 'vitest';

import { type OperationCost, costOf } from '../../../src/graphql/limits/cost.ts';
import { gatewaySchema } from '../../../src/graphql/schema.ts';
import { nonNull } from '../../support/gateway.ts';

const schema = gatewaySchema();

const cost = (text: string, variableValues: Record<string, unknown> = {}, operationName?: string): number =>
  costsOf(text, variableValues, operationName).requests;

function costsOf(text: string, variableValues: Record<string, unknown>, operationName?: string): OperationCost {
  const document = parse(text);
  const operation = nonNull(getOperationAST(document, operationName));
  const { coerced, errors } = getVariableValues(schema, operation.variableDefinitions ?? [], variableValues);
  if (coerced === undefined) throw new Error('The variables are invalid.', { cause: errors });
  return costOf({ schema, document, operation, variables: coerced });
}

/** From three look-ups of a type on, a list may be read in vain. */
const LIST_IN_VAIN = 1;

const exact: [what: string, text: string, cost: number][] = [
  ['__typename', '{ __typename }', 0],
  ['introspection', '{ __schema { types { fields { name } } } __type(name: "Query") { name } }', 0],
  ['the request budget', '{ upstreamBudget { remaining } }', 0],
  ['a meeting', '{ meeting(id: "a") { title } }', 1],
  ['two meetings', '{ a: meeting(id: "a") { title } b: meeting(id: "b") { title } }', 2],
  [
    'a meeting, its livestream and the session',
    '{ meeting(id: "a") { activeLivestream { activeSession { id } } } }',
    3,
  ],
  ['a page', '{ livestreams(first: 10) { totalCount } }', 1],
  ['a page of rows without a cost', '{ livestreams(first: 10) { nodes { id name } } }', 1],
  ['a page of rows that cost 1 each', '{ livestreams(first: 10) { nodes { activeSession { id } } } }', 11],
  [
    'a page of edges whose nodes cost 1 each',
    '{ livestreams(first: 10) { edges { node { activeSession { id } } } } }',
    11,
  ],
  [
    'nodes and edges of the same page',
    '{ livestreams(first: 10) { nodes { activeSession { id } } edges { node { meeting { title } } } } }',
    21 + LIST_IN_VAIN,
  ],
  [
    'nested pages',
    '{ meetings(first: 3) { nodes { livestreams(first: 4) { nodes { activeSession { id } } } } } }',
    1 + 3 * (1 + 4),
  ],
  ['the largest page', '{ livestreams(first: 100) { nodes { activeSession { id } } } }', 101],
  [
    'an invalid page size above the maximum, capped at the maximum',
    '{ livestreams(first: 2000000000) { nodes { activeSession { id } } } }',
    101,
  ],
  ['an invalid page size below 0, counted as 0', '{ livestreams(first: -5) { nodes { activeSession { id } } } }', 1],
  ['a page without a size, by its default', '{ livestreams { nodes { activeSession { id } } } }', 26],
  ['a page whose size is null, by its default', '{ livestreams(first: null) { nodes { activeSession { id } } } }', 26],
  [
    'sessions, which upstream may return one at a time',
    '{ livestream(id: "a") { sessions(first: 4) { nodes { id } } } }',
    1 + 1 + 4,
  ],
  ['the number of sessions', '{ livestream(id: "a") { sessions(first: 4) { totalCount } } }', 1 + 1],
  ['analytics, in total and by day', '{ livestreamAnalytics { count days { date count } } }', 2],
  ['a skipped field', '{ meeting(id: "a") @skip(if: true) { title } livestream(id: "a") { id } }', 1],
  ['an excluded fragment', '{ ... @include(if: false) { meeting(id: "a") { title } } livestream(id: "a") { id } }', 1],
  [
    'a fragment that one of two spreads skips',
    '{ ...F @skip(if: true) ...F } fragment F on Query { meeting(id: "a") { title } }',
    1,
  ],
  [
    'sessions by which page they are on, which takes the rows',
    '{ livestream(id: "a") { sessions(first: 4) { pageInfo { hasNextPage } } } }',
    1 + 1 + 4,
  ],
  [
    'the rows of a page of sessions once, in whatever fields they are',
    '{ livestream(id: "a") { sessions(first: 4) { nodes { id } edges { cursor } x: nodes { id } pageInfo { hasNextPage } } } }',
    1 + 1 + 4,
  ],
  [
    'a page after a cursor, which can lie on two pages upstream',
    '{ livestreams(first: 2, after: "x") { totalCount } }',
    2,
  ],
  ['a page of one row after a cursor', '{ livestreams(first: 1, after: "x") { totalCount } }', 1],
  ['a page after the cursor null', '{ livestreams(first: 2, after: null) { totalCount } }', 1],
  [
    'three meetings, for which a list may be read in vain',
    '{ a: meeting(id: "a") { title } b: meeting(id: "b") { title } c: meeting(id: "c") { title } }',
    3 + LIST_IN_VAIN,
  ],
  [
    'meetings and livestreams of a page',
    '{ livestreams(first: 10) { nodes { meeting { activeLivestream { activeSession { id } } } } } }',
    1 + 10 + 10 + 10 + 2 * LIST_IN_VAIN,
  ],
  ['a start', 'mutation { startLivestream(input: { meetingId: "a" }) { userErrors { code } } }', 2],
  ['a stop', 'mutation { stopLivestream(input: { meetingId: "a" }) { livestream { status } meeting { title } } }', 4],
];

test.each(exact)('costOf counts %s', (_what, text, requests) => {
  expect(cost(text)).toBe(requests);
});

describe('a page size in a variable', () => {
  const text = (declared: string): string =>
    `query ($n: ${declared}) { livestreams(first: $n) { nodes { activeSession { id } } } }`;

  test.each<[what: string, declared: string, sent: Record<string, unknown>, rows: number]>([
    ['is the value that was sent', 'Int', { n: 7 }, 7],
    ['is the default of the variable when no value was sent', 'Int = 3', {}, 3],
    ['is the value that was sent rather than the default', 'Int = 3', { n: 7 }, 7],
    ['is the default of the field when null was sent', 'Int = 3', { n: null }, 25],
    ['is the default of the field when there is no value and no default', 'Int', {}, 25],
  ])('%s', (_what, declared, sent, rows) => {
    expect(cost(text(declared), sent)).toBe(1 + rows);
  });
});

test('a condition in a variable decides whether the field counts', () => {
  const text =
    'query ($with: Boolean! = true) { meeting(id: "a") { title activeLivestream @include(if: $with) { id } } }';
  expect([cost(text), cost(text, { with: true }), cost(text, { with: false })]).toEqual([2, 2, 1]);
});

test('only the selected operation counts', () => {
  const text = 'query A { meeting(id: "a") { title } } query B { __typename }';
  expect([cost(text, {}, 'A'), cost(text, {}, 'B')]).toEqual([1, 0]);
});

test('a fragment counts once per selection set, with the page size there', () => {
  const rows = '{ livestreams(first: 10) { ...Rows } a: livestreams(first: 2) { ...Rows ...Rows } }';
  const text = `${rows} fragment Rows on LivestreamConnection { nodes { activeSession { id } } }`;
  expect(cost(text)).toBe(11 + 1 + 2);
});

test('fragments that double at each level are visited once', () => {
  const levels = Array.from(
    { length: 60 },
    (_, level) => `fragment F${level} on Query { ...F${level + 1} ...F${level + 1} }`,
  );
  const text = `{ ...F0 } ${levels.join(' ')} fragment F60 on Query { livestream(id: "a") { id } }`;
  expect(cost(text)).toBe(1);
});

describe('_entities', () => {
  const representations = (...types: string[]) => ({ r: types.map((__typename) => ({ __typename, id: 'a' })) });
  const entities = (selection: string): string =>
    `query ($r: [_Any!]!) { _entities(representations: $r) { ${selection} } }`;

  test('counts each representation by its type', () => {
    const text = entities(
      '... on Meeting { activeLivestream { activeSession { id } } } ... on LivestreamSession { livestream { name } }',
    );
    expect(cost(text, representations('Meeting', 'Meeting'))).toBe(2 * 3);
    expect(cost(text, representations('Livestream'))).toBe(1);
    expect(cost(text, representations('Meeting', 'LivestreamSession', 'Livestream'))).toBe(3 + 2 + 1 + LIST_IN_VAIN);
    expect(cost(text, representations('LivestreamSession', 'Livestream'))).toBe(2 + 1);
  });

  test('counts a fragment only for the type that it applies to', () => {
    const text = `${entities('...F')} fragment F on Meeting { activeLivestream { id } }`;
    expect(cost(text, representations('Meeting', 'Livestream', 'LivestreamSession'))).toBe(2 + 1 + 1);
  });

  test('multiplies lists below the entities', () => {
    const text = entities('... on Meeting { livestreams(first: 10) { nodes { activeSession { id } } } }');
    expect(cost(text, representations('Meeting', 'Meeting'))).toBe(2 * (1 + 1 + 10));
  });

  test('counts representations in the document itself', () => {
    const text =
      '{ _entities(representations: [{ __typename: "Meeting", id: "a" }, { __typename: "Livestream", id: 7 }]) { __typename } }';
    expect(cost(text)).toBe(2);
  });

  test('counts the fields of a fragment on the union of all entities', () => {
    const inner = '... on Meeting { activeLivestream { id } }';
    const plain = cost(entities(inner), representations('Meeting'));
    expect(plain).toBe(2);
    expect(cost(entities(`... on _Entity { ${inner} }`), representations('Meeting'))).toBe(plain);
    expect(cost(`${entities('...F')} fragment F on _Entity { ${inner} }`, representations('Meeting'))).toBe(plain);
  });
});

test('representations without a known type count too, because each causes an error', () => {
  const text = 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Meeting { activeLivestream { id } } } }';
  expect(cost(text, { r: [1, {}, 'x', [], { __typename: 'Query' }, { __typename: 'Meeting', id: 'a' }] })).toBe(7);
});

test('a field that several fragments select counts once', () => {
  const parts = Array.from({ length: 5 }, (_, index) => `fragment P${index} on Livestream { activeSession { id } }`);
  const spreads = parts.map((_, index) => `...P${index}`).join(' ');
  expect(cost(`{ livestreams(first: 100) { nodes { ${spreads} } } } ${parts.join(' ')}`)).toBe(101);
});

test('the number of fields counts the fields of all rows, under each alias', () => {
  const rows = '{ livestreams(first: 10) { a: nodes { id name } b: nodes { id } totalCount } }';
  expect(costsOf(rows, {})).toEqual({ requests: 1, fields: 2 + 10 * (1 + 2) + 10 * (1 + 1) });
});
