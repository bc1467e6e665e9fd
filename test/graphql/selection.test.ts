import { buildSchema, Kind, parse } from 'graphql';
import { expect, test } from 'vitest';

import { selectedFields } from '../../src/graphql/selection.ts';

const schema = buildSchema(
  'union Any = A | B  type A { a: Int b: Int }  type B { a: Int c: Int }  type Query { any: Any }',
);

/** What is selected below the only field of the document, and how often a fragment was looked at for it. */
function selected(text: string, type?: string): { names: string[]; looks: number } {
  let looks = 0;
  const { definitions } = parse(text);
  const found = definitions.flatMap((node) =>
    node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [],
  );
  const fragments = new Proxy(Object.fromEntries(found), {
    get(target, name) {
      looks += 1;
      return target[String(name)];
    },
  });
  const operations = definitions.flatMap((node) =>
    node.kind === Kind.OPERATION_DEFINITION ? node.selectionSet.selections : [],
  );
  const fieldNodes = operations.flatMap((node) => (node.kind === Kind.FIELD ? [node] : []));
  const names = selectedFields({ fieldNodes, fragments, schema, variableValues: {} }, type);
  return { names: [...names].toSorted(), looks };
}

test('what fragments hold is selected, where they are of the type that is asked about', () => {
  const text = '{ any { ...F ... on B { c } ... on Any { a } } } fragment F on A { b }';
  expect(selected(text).names).toEqual(['a', 'b', 'c']);
  expect(selected(text, 'A').names).toEqual(['a', 'b']);
  expect(selected(text, 'B').names).toEqual(['a', 'c']);
});

test('fragments that double at each level are looked at once each', () => {
  const levels = Array.from(
    { length: 12 },
    (_, level) => `fragment F${level} on A { ...F${level + 1} ...F${level + 1} }`,
  );
  const { names, looks } = selected(`{ any { ...F0 } } ${levels.join(' ')} fragment F12 on A { a }`, 'A');
  expect(names).toEqual(['a']);
  expect(looks).toBeLessThan(2 * 13);
});
