import { globSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { blocksOf, PAGES, readText, ROOT } from './markdown.ts';

const FILE = /^\w+ file=([^\s#]+)(?:#(\S+))?$/;

/** A block `ts file=test/clients/errors.ts#user-message` contains that region of the file; without a region, the whole file. */
const blocks = PAGES.flatMap(blocksOf).flatMap(({ page, kind, code }) => {
  const [, file, region] = FILE.exec(kind) ?? [];
  return file === undefined ? [] : [{ page, source: kind.slice(kind.indexOf('=') + 1), file, region, code }];
});

const REGION = /^ *(?:\/\/|#) #region (\S+)\n([^]*?)^ *(?:\/\/|#) #endregion$/gm;

/** The code between `// #region name` and `// #endregion`; in GraphQL files, the comments start with `#`. */
function readRegion(file: string, region: string): string | undefined {
  return Array.from(readText(file).matchAll(REGION)).find(([, name]) => name === region)?.[2];
}

describe('code in the documentation that names a file', () => {
  test.each(blocks)('is that of the file: $source in $page', ({ file, region, code }) => {
    expect(code).toBe(region === undefined ? readText(file) : readRegion(file, region));
  });

  test('includes every region that the tests of clients mark', () => {
    const files = globSync('test/clients/*{,/*}.{ts,tsx,graphql}', { cwd: ROOT });
    const regions = files.flatMap((file) =>
      Array.from(readText(file).matchAll(REGION), ([, name = '']) => `${file}#${name}`),
    );
    const sources = new Set(blocks.map(({ source }) => source));
    expect(regions.filter((region) => !sources.has(region))).toEqual([]);
  });
});

test('the pages about clients contain no code that no test runs', () => {
  const kinds = PAGES.filter((page) => /^docs\/clients[./]/.test(page)).flatMap((page) =>
    blocksOf(page).map(({ kind }) => kind),
  );
  expect(kinds.filter((kind) => !FILE.test(kind) && !/^(sh( server| external)?|ts recipe)$/.test(kind))).toEqual([]);
});
