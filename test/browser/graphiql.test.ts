import { once } from 'node:events';
import { createServer, type IncomingMessage, request as httpRequest } from 'node:http';

import type { BrowserContext, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';

import { pressUntil, run, selectTab, setUpGraphiql } from './graphiqlPage.ts';

const TABS = [
  'LiveNow',
  'Pages',
  'MeetingWithLivestream',
  'Livestream',
  'Session',
  'Start',
  'Watch',
  'Stop',
  'Errors',
  'Entities',
];
/** The tab whose operation is a subscription. */
const WATCH = 'Watch';
/** The tab whose operation fails in part. */
const ERRORS = 'Errors';

const graphiql = setUpGraphiql();

interface OpenPage {
  page: Page;
  context: BrowserContext;
  /** The URLs that the page and its workers have requested. */
  requested: URL[];
  /** The page's uncaught errors and console errors. */
  errors: string[];
}

async function open(colorScheme: 'light' | 'dark'): Promise<OpenPage> {
  const page = await graphiql.newPage({ colorScheme });
  const context = page.context();
  const requested: URL[] = [];
  const errors: string[] = [];
  context.on('request', (request) => requested.push(new URL(request.url())));
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(error.message));
  await graphiql.loadGraphiql(page);
  return { page, context, requested, errors };
}

describe('GraphiQL in a real browser', () => {
  test.each(['light', 'dark'] as const)(
    'loads everything from the gateway, runs a query and shows the result, in the %s color scheme',
    async (scheme) => {
      const { page, context, requested, errors } = await open(scheme);
      await run(page);
      await page.locator('.graphiql-response').getByText('"totalCount"').waitFor();
      expect(await page.locator('.graphiql-response').innerText()).toMatch(/"status"|"playbackUrl"/);
      const foreignUrls = requested.filter(
        ({ protocol, origin }) =>
          protocol !== 'blob:' && protocol !== 'data:' && origin !== new URL(graphiql.address()).origin,
      );
      expect(foreignUrls.map(String)).toEqual([]);
      expect(requested.length).toBeGreaterThan(2);
      expect(errors).toEqual([]);
      await context.close();
    },
  );

  test("follows the system's color scheme", async () => {
    const backgrounds = await Promise.all(
      (['light', 'dark'] as const).map(async (scheme) => {
        const { page, context } = await open(scheme);
        const background = await page.evaluate(
          'getComputedStyle(document.querySelector(".graphiql-container")).backgroundColor',
        );
        await context.close();
        return background;
      }),
    );
    expect(new Set(backgrounds).size).toBe(2);
  });

  test('opens with example tabs that run as they are and report their upstream requests', async () => {
    const { page, context } = await open('light');
    const tabs = page.locator('.graphiql-tab-button');
    expect(await tabs.allInnerTexts()).toEqual(TABS);
    for (const [index, name] of TABS.entries()) {
      // The first tab is open already.
      if (index > 0) await selectTab(page, name);
      if (name === WATCH) continue;
      const response = await run(page);
      expect(response).toHaveProperty('data');
      expect(JSON.stringify(response).includes('"errors":[')).toBe(name === ERRORS);
      expect(response).toHaveProperty('extensions.upstream.budget.limit', 1200);
      expect(JSON.stringify(response)).not.toMatch(/"userErrors":\[\{|:null\}$/);
    }
    await context.close();
  });

  test('shows at once when a livestream goes live', async () => {
    const { page, context, errors } = await open('light');
    const response = page.locator('.graphiql-response');
    await selectTab(page, 'Start');
    await run(page);
    await selectTab(page, WATCH);
    await pressUntil(page, /^Stop/);
    await response.getByText('"livestreamUpdated"').waitFor();
    await response.getByText('"LIVE"').waitFor();
    await pressUntil(page, /^Execute/);
    expect(errors).toEqual([]);
    await context.close();
  });

  test('shows the schema with its descriptions', async () => {
    const { page, context } = await open('light');
    await page.locator('.graphiql-sidebar button').first().click();
    const docs = page.locator('.graphiql-doc-explorer-content');
    await docs.getByText('Query', { exact: true }).first().click();
    await expect.poll(() => docs.innerText()).toContain('The query root.');
    await context.close();
  });

  test('works behind a proxy that serves the gateway under a prefix', async () => {
    const prefix = '/livestreams';
    const { port } = new URL(graphiql.address());
    const pathsOutside: string[] = [];
    const proxy = createServer((request, response) => {
      const { url = '', method, headers } = request;
      if (!url.startsWith(`${prefix}/`)) {
        pathsOutside.push(url);
        return response.writeHead(404).end();
      }
      const onResponse = (upstream: IncomingMessage): void => {
        response.writeHead(upstream.statusCode ?? 502, upstream.headers);
        upstream.pipe(response);
      };
      return request.pipe(httpRequest({ port, path: url.slice(prefix.length), method, headers }, onResponse));
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const address = proxy.address();
    const origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
    const page = await graphiql.newPage();
    await page.goto(`${origin}${prefix}/`);
    await page.locator('.graphiql-execute-button').waitFor();
    expect(page.url()).toBe(`${origin}${prefix}/graphql`);
    expect(await run(page)).toHaveProperty('data');
    expect(pathsOutside.filter((path) => path !== '/favicon.ico')).toEqual([]);
    await page.context().close();
    proxy.close();
    proxy.closeAllConnections();
  });
});
