import { globSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { blocksOf, PAGES, readText, ROOT } from './markdown.ts';

const pages = PAGES.filter((page) => /^docs\/clients[./]/.test(page));
const blocks = pages.flatMap(blocksOf);

const FILE = /^\w+ file=([^\s#]+)(?:#(\S+))?$/;

/** The code of a block `ts file=test/clients/apollo/cache.ts#region` is that region of the file; without a region, all of it. */
const files = blocks.flatMap(({ page, kind, code }) => {
  const [, file, region] = FILE.exec(kind) ?? [];
  return file === undefined ? [] : [{ page, source: kind.slice(kind.indexOf('=') + 1), file, region, code }];
});

const REGION = /^ *(?:\/\/|#) #region (\S+)\n([^]*?)^ *(?:\/\/|#) #endregion$/gm;

/** The code between `// #region name` and `// #endregion`; in GraphQL files, the comments start with `#`. */
function readRegion(file: string, region: string): string | undefined {
  return Array.from(readText(file).matchAll(REGION)).find(([, name]) => name === region)?.[2];
}

describe('the code in the documentation of clients', () => {
  test.each(files)('is that of the tests: $source in $page', ({ file, region, code }) => {
    expect(code).toBe(region === undefined ? readText(file) : readRegion(file, region));
  });

  test('is that of a test, unless other tests run it', () => {
    const others = blocks.filter(({ kind }) => !FILE.test(kind)).map(({ kind }) => kind);
    expect(others.filter((kind) => !/^(sh( server| external)?|ts recipe)$/.test(kind))).toEqual([]);
  });

  test('includes every region that the tests of clients mark', () => {
    const marked = globSync('test/clients/*/**/*.{ts,tsx,graphql}', { cwd: ROOT, exclude: ['**/node_modules/**'] });
    const regions = marked.flatMap((file) =>
      Array.from(readText(file).matchAll(REGION), ([, name = '']) => `${file}#${name}`),
    );
    const sources = new Set(files.map(({ source }) => source));
    expect(regions.filter((region) => !sources.has(region))).toEqual([]);
  });
});
