import { getIntrospectionQuery, parse } from 'graphql';
import { describe, expect, test } from 'vitest';

import { measureDocument } from '../../../src/graphql/limits/measureDocument.ts';

const EMPTY = {
  depth: 0,
  introspectionDepth: 0,
  introspectionAliases: 0,
  schemaFields: 0,
  typeFields: 0,
  aliases: 0,
  rootFields: 0,
  directives: 0,
};

const sizesOf = (text: string) => measureDocument(parse(text));
const many = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ');

/** Fragments that each spread the next one twice: expanded, the last one occurs 2 to the power of `levels` times. */
function tower(levels: number, link = (next: string) => `...${next} ...${next}`): string {
  const fragments = many(levels, (level) => `fragment F${level} on Query { ${link(`F${level + 1}`)} }`);
  return `{ ...F0 } ${fragments} fragment F${levels} on Query { a: __typename @skip(if: false) }`;
}

const measured: [what: string, text: string, size: Partial<typeof EMPTY>][] = [
  ['one field', '{ a }', { depth: 1, rootFields: 1 }],
  ['nested fields', '{ a { b { c } } d }', { depth: 3, rootFields: 2 }],
  ['an alias', '{ x: a { y: b } c }', { depth: 2, aliases: 2, rootFields: 2 }],
  ['an alias of `__typename`', '{ x: __typename y: __typename }', { depth: 1, aliases: 2, rootFields: 2 }],
  ['an inline fragment, which adds no level', '{ ... on Q { ... { a { b } } } }', { depth: 2, rootFields: 1 }],
  ['root fields in fragments', '{ a ...F ... { b } } fragment F on Q { c d }', { depth: 1, rootFields: 4 }],
  ['a fragment below a field', '{ a { b { ...F } } } fragment F on X { c { d } }', { depth: 4, rootFields: 1 }],
  [
    'a fragment that is spread several times',
    '{ ...F x: a { ...F } } fragment F on X { y: b }',
    { depth: 2, aliases: 3, rootFields: 2 },
  ],
  ['an unknown fragment', '{ a ...F }', { depth: 1, rootFields: 1 }],
  [
    'directives in all places',
    'query @a { b @a ... @a { c } ...F @a } fragment F on Q @a { d @a @a }',
    { depth: 1, rootFields: 3, directives: 7 },
  ],
  [
    'the directives of a fragment, each time it is spread',
    '{ a { ...F } b { ...F } } fragment F on X { c @skip(if: false) }',
    { depth: 2, rootFields: 2, directives: 2 },
  ],
  ['introspection', '{ __schema { types { name } } }', { introspectionDepth: 3, schemaFields: 1, rootFields: 1 }],
  [
    'introspection next to fields',
    '{ a { b } x: __type(name: "Q") { fields { type { name } } } }',
    { depth: 2, introspectionDepth: 4, typeFields: 1, aliases: 1, rootFields: 2 },
  ],
  [
    'introspection in a fragment',
    '{ ...F } fragment F on Query { __schema { types { name } } }',
    { introspectionDepth: 3, schemaFields: 1, rootFields: 1 },
  ],
  [
    'each field of introspection, with the aliases within it',
    '{ a: __schema { ...F } b: __schema { ...F } __type(name: "Q") { c: name } } fragment F on __Schema { d: types { e: name } }',
    { introspectionDepth: 3, introspectionAliases: 5, schemaFields: 2, typeFields: 1, aliases: 7, rootFields: 3 },
  ],
  ['`__typename`, which counts as a field', '{ a { __typename } }', { depth: 2, rootFields: 1 }],
];

test.each(measured)('measureDocument measures %s', (_what, text, size) => {
  expect(sizesOf(text)).toEqual([{ ...EMPTY, ...size }]);
});

describe('known ways around limits do not work', () => {
  test.each(['__schema', '__type', '__typename', '__proto__', 'constructor'])(
    'a fragment called "%s" is measured like any other',
    (name) => {
      const text = `{ a { ...${name} } } fragment ${name} on X { b { c { x: d @skip(if: false) } } }`;
      expect(sizesOf(text)).toEqual([{ ...EMPTY, depth: 4, aliases: 1, rootFields: 1, directives: 1 }]);
    },
  );

  test('an alias called "__schema" hides no fields', () => {
    expect(sizesOf('{ __schema: a { b { c } } }')).toEqual([{ ...EMPTY, depth: 3, aliases: 1, rootFields: 1 }]);
  });

  test('fields below a misplaced introspection field are measured', () => {
    expect(sizesOf('{ a { __schema { b { c { d } } } } }')).toMatchObject([{ depth: 1, introspectionDepth: 4 }]);
  });

  test('a fragment that is spread at two depths counts at the greater depth', () => {
    const text = '{ ...F a { b { c { ...F } } } } fragment F on X { d { e } }';
    expect(sizesOf(text)).toMatchObject([{ depth: 5 }]);
  });

  test('a fragment that two others spread counts twice', () => {
    const text = '{ ...A ...B } fragment A on X { ...C } fragment B on X { ...C } fragment C on X { x: a y: b }';
    expect(sizesOf(text)).toMatchObject([{ aliases: 4, rootFields: 4 }]);
  });

  test('each operation of a document is measured separately', () => {
    const text = 'query A { a } query B { b { ...F } } mutation C { x: c y: d } fragment F on X { e { f } }';
    expect(sizesOf(text).map(({ depth, aliases }) => [depth, aliases])).toEqual([
      [1, 0],
      [3, 0],
      [1, 2],
    ]);
  });

  test.each([
    ['itself', '{ ...F } fragment F on X { a ...F }'],
    ['itself a level deeper', '{ ...F } fragment F on X { a { ...F } }'],
    [
      'a fragment that spreads the first',
      '{ ...F ...G } fragment F on X { a { ...G } } fragment G on X { b { ...F } }',
    ],
  ])('measuring a fragment that spreads %s terminates', (_what, text) => {
    const [size] = sizesOf(text);
    expect(size?.depth).toBeGreaterThan(0);
    expect(size?.depth).toBeLessThan(5);
  });

  test('a document without an operation has no sizes', () => {
    expect(sizesOf('fragment F on X { a }')).toEqual([]);
  });
});

describe('measuring takes linear time', () => {
  test('when fragments double at each level', () => {
    const billion = 2 ** 30;
    expect(sizesOf(tower(30))).toEqual([
      { ...EMPTY, depth: 1, aliases: billion, rootFields: billion, directives: billion },
    ]);
  });

  test('when fragments double at each level and nest one level deeper', () => {
    const text = tower(30, (next) => `a { ...${next} } b: a { ...${next} }`);
    expect(sizesOf(text)).toMatchObject([{ depth: 31, rootFields: 2, directives: 2 ** 30 }]);
  });

  test('and 500 doubling levels exceed every limit instead of overflowing', () => {
    const [size] = sizesOf(tower(500));
    expect(size?.aliases).toBeGreaterThan(1e100);
  });

  test('and a thousand nested levels cause no stack overflow', () => {
    expect(sizesOf(`{ ${'a { '.repeat(1000)} b ${'}'.repeat(1000)} }`)).toMatchObject([{ depth: 1001 }]);
    expect(sizesOf(`{ a(b: ${'['.repeat(1000)}${']'.repeat(1000)}) }`)).toMatchObject([{ depth: 1 }]);
    expect(sizesOf(`{ ${'... { '.repeat(1000)} a ${'}'.repeat(1000)} }`)).toMatchObject([{ depth: 1 }]);
    expect(sizesOf(tower(1000, (next) => `...${next}`))).toMatchObject([{ depth: 1, aliases: 1 }]);
  });
});

test('the standard introspection query has at most 15 levels of introspection and none of fields', () => {
  const [size] = sizesOf(
    getIntrospectionQuery({ inputValueDeprecation: true, schemaDescription: true, specifiedByUrl: true }),
  );
  expect(size?.introspectionDepth).toBeLessThanOrEqual(15);
  expect(size).toMatchObject({ depth: 0, aliases: 0, rootFields: 1, directives: 0 });
});
