import { buildSchema, parse, validate } from 'graphql';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';

import { readConfig, VARIABLES } from '../../src/config/index.ts';
import { typeDefs } from '../../src/generated/typeDefs.ts';
import { allBlocks, anchorsOf, blocksOf, brokenLinks, namesInTables, PAGES, readText } from './markdown.ts';

test.each(PAGES)('all links in %s lead to an existing file and heading', (page) => {
  expect(brokenLinks(page)).toEqual([]);
});

test.each(PAGES)('every section of %s has a heading of its own', (page) => {
  const headings = Array.from(readText(page).matchAll(/^## (.+)$/gm), ([, heading]) => heading);
  expect(headings).toEqual([...new Set(headings)]);
});

test.each(PAGES)('the contents of %s, if it has any, list its sections in order', (page) => {
  const contents = Array.from(readText(page).matchAll(/^- \[[^\]]+\]\(#([^)]+)\)$/gm), ([, anchor]) => anchor);
  const sections = anchorsOf(page, '##').filter((anchor) => anchor !== 'contents');
  expect(contents.filter((anchor) => sections.includes(anchor ?? ''))).toEqual(contents.length === 0 ? [] : sections);
});

test('the README links every page of the documentation', () => {
  expect(PAGES.filter((page) => page !== 'README.md' && !readText('README.md').includes(`](${page})`))).toEqual([]);
});

test('the README has at most 300 lines', () => {
  expect(readText('README.md').split('\n').length).toBeLessThanOrEqual(300);
});

describe('code blocks', () => {
  test.each(allBlocks('graphql'))('the operation in $page is valid: $code', ({ code }) => {
    expect(validate(buildSchema(typeDefs), parse(code))).toEqual([]);
  });

  test.each(allBlocks('json'))('the JSON in $page is a GraphQL response', ({ code }) => {
    expect(JSON.parse(code)).toHaveProperty('data');
  });

  test.each(allBlocks('yaml'))('the YAML in $page can be parsed', ({ code }) => {
    expect(parseAllDocuments(code).flatMap(({ errors }) => errors)).toEqual([]);
  });

  test('are of kinds that a test checks', () => {
    const checked = [
      'graphql',
      'json',
      'yaml',
      'ts recipe',
      'sh',
      'sh server',
      'sh docker',
      'sh external',
      // Of the error catalog, which a test of its own runs.
      'sh example',
      'json response',
      'nginx',
      'nginx caching',
      'haproxy',
    ];
    const unchecked = ['text', 'mermaid'];
    const kinds = PAGES.flatMap(blocksOf).map(({ kind }) => kind);
    expect(kinds.filter((kind) => ![...checked, ...unchecked].includes(kind) && !kind.includes(' file='))).toEqual([]);
  });
});

test('the example of a rejected setting is what the gateway prints', () => {
  const example = blocksOf('docs/configuration.md').find(({ kind }) => kind === 'text');
  expect(example).toBeDefined();
  expect(() => readConfig({ PORT: 'http' }, () => '')).toThrow(example?.code.trim());
});

describe('tables', () => {
  test('the settings tables list exactly the variables that the gateway reads', () => {
    expect(namesInTables('docs/configuration.md').toSorted()).toEqual(VARIABLES.toSorted());
  });

  test('the error tables list every code of ErrorCode', () => {
    const [, union = ''] = /type ErrorCode =([^;]*);/.exec(readText('src/domain/errors.ts')) ?? [];
    const codes = Array.from(union.matchAll(/'(\w+)'/g), ([, code]) => code);
    expect(codes.length).toBeGreaterThan(5);
    const listed = namesInTables('docs/errors.md', 'Codes of `errors`');
    expect(listed).toEqual(expect.arrayContaining([...codes, 'OPERATION_RESOLUTION_FAILURE', 'BAD_REQUEST']));
  });

  test('the error tables list every code of UserErrorCode', () => {
    const [, values = ''] = /enum UserErrorCode \{([^}]*)\}/.exec(readText('test/schema/published.graphql')) ?? [];
    const codes = Array.from(values.matchAll(/^ {2}(\w+)$/gm), ([, code]) => code);
    expect(codes).toHaveLength(4);
    expect(new Set(namesInTables('docs/errors.md', 'Codes of `userErrors`'))).toEqual(new Set(codes));
  });

  test('the dependency tables list exactly the packages in package.json, for run time and for development', () => {
    const sections = /"(?:devD|d)ependencies": \{([^}]*)\}/g;
    const names = Array.from(readText('package.json').matchAll(sections), ([, body = '']) =>
      Array.from(body.matchAll(/"([^"]+)":/g), ([, name = '']) => name),
    );
    expect(names.map(({ length }) => length > 10)).toEqual([true, true]);
    expect(namesInTables('docs/architecture.md', 'Dependencies')).toEqual(names.flat());
  });
});
