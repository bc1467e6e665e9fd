import { buildSchema, Kind, parse } from 'graphql';
import { expect, test } from 'vitest';

import { selectedFields } from '../../src/graphql/selection.ts';

const schema = buildSchema(
  'union Any = A | B  type A { a: Int b: Int }  type B { a: Int c: Int }  type Query { any: Any }',
);

/** The fields that are selected below the only field of the document, and the number of fragment lookups. */
function selected(text: string, type?: string): { names: string[]; lookups: number } {
  let lookups = 0;
  const { definitions } = parse(text);
  const entries = definitions.flatMap((node) =>
    node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [],
  );
  const fragments = new Proxy(Object.fromEntries(entries), {
    get(target, name) {
      lookups += 1;
      return target[String(name)];
    },
  });
  const operations = definitions.flatMap((node) =>
    node.kind === Kind.OPERATION_DEFINITION ? node.selectionSet.selections : [],
  );
  const fieldNodes = operations.flatMap((node) => (node.kind === Kind.FIELD ? [node] : []));
  const names = selectedFields({ fieldNodes, fragments, schema, variableValues: {} }, type);
  return { names: [...names].toSorted(), lookups };
}

test('selectedFields includes the fields of fragments that apply to the given type', () => {
  const text = '{ any { ...F ... on B { c } ... on Any { a } } } fragment F on A { b }';
  expect(selected(text).names).toEqual(['a', 'b', 'c']);
  expect(selected(text, 'A').names).toEqual(['a', 'b']);
  expect(selected(text, 'B').names).toEqual(['a', 'c']);
});

test('selectedFields visits fragments that double at each level once', () => {
  const levels = Array.from(
    { length: 12 },
    (_, level) => `fragment F${level} on A { ...F${level + 1} ...F${level + 1} }`,
  );
  const { names, lookups } = selected(`{ any { ...F0 } } ${levels.join(' ')} fragment F12 on A { a }`, 'A');
  expect(names).toEqual(['a']);
  expect(lookups).toBeLessThan(2 * 13);
});
