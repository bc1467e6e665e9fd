import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { CHROMIUM, type Program, startProgram } from './startProgram.ts';

const TABS = ['LiveNow', 'MeetingWithLivestream', 'Livestream', 'Session', 'Start', 'Watch', 'Stop'];
/** The tab whose operation is a subscription. */
const WATCH = 'Watch';

let program: Program;
let browser: Browser;

beforeAll(async () => {
  [program, browser] = await Promise.all([startProgram(), chromium.launch(CHROMIUM)]);
});

afterAll(async () => {
  await Promise.all([browser.close(), program.end()]);
});

interface OpenPage {
  page: Page;
  context: BrowserContext;
  /** The URLs that the page and its workers have requested. */
  requested: URL[];
  /** The page's uncaught errors and console errors. */
  errors: string[];
}

async function open(colorScheme: 'light' | 'dark'): Promise<OpenPage> {
  const context = await browser.newContext({ colorScheme, viewport: { width: 1400, height: 850 } });
  const requested: URL[] = [];
  const errors: string[] = [];
  context.on('request', (request) => requested.push(new URL(request.url())));
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(error.message));
  await page.goto(program.address);
  await page.locator('.graphiql-execute-button').waitFor();
  return { page, context, requested, errors };
}

/** Runs the operation of the open tab, and returns the response as it was received. */
async function run(page: Page): Promise<unknown> {
  const [response] = await Promise.all([
    page.waitForResponse((candidate) => isOperation(candidate.request().postData())),
    pressRun(page),
  ]);
  return response.json();
}

/** Clicks the button "Execute" until a request is sent: right after a tab was opened, GraphiQL does not know its operation yet. */
async function pressRun(page: Page): Promise<void> {
  for (let isSent = false; !isSent;) {
    const request = page.waitForRequest((candidate) => isOperation(candidate.postData()), { timeout: 1000 });
    await page.locator('.graphiql-execute-button').click();
    isSent = await request.then(
      () => true,
      () => false,
    );
  }
}

/** Clicks the button "Execute" until its label matches. */
async function pressUntil(page: Page, label: RegExp): Promise<void> {
  const button = page.locator('.graphiql-execute-button');
  const hasLabel = async (): Promise<boolean> => label.test((await button.getAttribute('aria-label')) ?? '');
  await button.click();
  const isDone = await expect
    .poll(hasLabel, { timeout: 1000 })
    .toBe(true)
    .then(
      () => true,
      () => false,
    );
  if (!isDone) await pressUntil(page, label);
}

function isOperation(body: string | null): boolean {
  return body !== null && !body.includes('IntrospectionQuery');
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
          protocol !== 'blob:' && protocol !== 'data:' && origin !== new URL(program.address).origin,
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
      await tabs.nth(index).click();
      await page.locator('.graphiql-query-editor').getByText(name, { exact: true }).first().waitFor();
      if (name === WATCH) continue;
      const response = await run(page);
      expect(response).toHaveProperty('data');
      expect(response).not.toHaveProperty('errors');
      expect(response).toHaveProperty('extensions.upstream.budget.limit', 1200);
      expect(JSON.stringify(response)).not.toMatch(/"userErrors":\[\{|:null\}$/);
    }
    await context.close();
  });

  test('shows at once when a livestream goes live', async () => {
    const { page, context, errors } = await open('light');
    const tabs = page.locator('.graphiql-tab-button');
    const response = page.locator('.graphiql-response');
    await tabs.nth(TABS.indexOf('Start')).click();
    await page.locator('.graphiql-query-editor').getByText('Start', { exact: true }).first().waitFor();
    await run(page);
    await tabs.nth(TABS.indexOf(WATCH)).click();
    await page.locator('.graphiql-query-editor').getByText(WATCH, { exact: true }).first().waitFor();
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
});
