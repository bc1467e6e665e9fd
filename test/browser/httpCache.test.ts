import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { CHROMIUM, type Program, startProgram } from './startProgram.ts';

let program: Program;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  [program, browser] = await Promise.all([
    startProgram({ LOG_LEVEL: 'silent', FRESH_STATUS_MS: '600000', AUTH: 'passthrough' }),
    chromium.launch(CHROMIUM),
  ]);
  page = await browser.newPage();
  // Any page of the gateway's own origin.
  await page.goto(new URL('/health', program.address).href);
});

afterAll(async () => {
  await Promise.all([browser.close(), program.end()]);
});

interface Init {
  method?: string;
  cache?: RequestCache;
  headers?: Record<string, string>;
}

/** What the page gets for a query by GET, and how many operations have reached the gateway for it. */
async function fetchInPage(
  query: string,
  init: Init = {},
): Promise<{ status: number; text: string; operations: number }> {
  const before = await countOperations();
  const response = await page.evaluate(
    async ({ url, options }) => {
      const received = await fetch(url, options);
      return { status: received.status, text: await received.text() };
    },
    {
      url: `/graphql?query=${encodeURIComponent(query)}`,
      options: { ...init, headers: { authorization: 'Bearer token-a', ...init.headers } },
    },
  );
  return { ...response, operations: (await countOperations()) - before };
}

async function countOperations(): Promise<number> {
  const text = await (await fetch(new URL('/metrics', program.address))).text();
  const values = text.matchAll(/^realtimekit_graphql_operations_total\{.*\} (\d+)$/gm);
  return Array.from(values, ([, value]) => Number(value)).reduce((sum, value) => sum + value, 0);
}

test("a browser's cache answers a repeated query by GET, as long as the response is fresh", async () => {
  const query = '{ livestreams(first: 3) { nodes { name } } }';
  const first = await fetchInPage(query);
  const second = await fetchInPage(query);
  expect([first.operations, second]).toEqual([1, { ...first, operations: 0 }]);
  // The gateway answers 304, and the browser hands the page what it has stored.
  expect(await fetchInPage(query, { cache: 'no-cache' })).toEqual(first);
});

test("a browser's cache answers no query with another credential", async () => {
  const query = '{ livestreams(first: 4) { nodes { name } } }';
  const other = { headers: { authorization: 'Bearer token-b' } };
  const operations = [];
  for (const init of [{}, other, {}, {}]) operations.push((await fetchInPage(query, init)).operations);
  expect(operations).toEqual([1, 1, 1, 0]);
});

test.each(['{ livestreams(first: 3) { nodes { k: streamKey } } }', '{ livestream(id: "a/b") { id } }'])(
  "a browser's cache does not store what must not be stored: %s",
  async (query) => {
    const operations = [(await fetchInPage(query)).operations, (await fetchInPage(query)).operations];
    expect(operations).toEqual([1, 1]);
  },
);
