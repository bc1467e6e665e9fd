import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';

import { CHROMIUM, type Program, startProgram } from './startProgram.ts';

/** Starts the program and a browser for all tests of a file. */
export function setUpGraphiql() {
  let program: Program;
  let browser: Browser;

  beforeAll(async () => {
    [program, browser] = await Promise.all([startProgram(), chromium.launch(CHROMIUM)]);
  });

  afterAll(async () => {
    await Promise.all([browser.close(), program.end()]);
  });

  return {
    /** The origin of the program's sandbox. */
    sandbox: () => program.sandbox,
    /** The URL of GraphiQL. */
    address: () => program.address,
    /** Opens a page in a window of its own. `loadGraphiql` fills it. */
    async newPage(options: BrowserContextOptions = {}): Promise<Page> {
      const context = await browser.newContext({ viewport: { width: 1400, height: 850 }, ...options });
      context.setDefaultTimeout(15_000);
      return context.newPage();
    },
    async loadGraphiql(page: Page): Promise<void> {
      await page.goto(program.address);
      await page.locator('.graphiql-execute-button').waitFor();
    },
  };
}

/** Opens a tab of GraphiQL, and waits for its operation. */
export async function selectTab(page: Page, name: string): Promise<void> {
  await page.locator('.graphiql-tab-button').getByText(name, { exact: true }).click();
  await page.locator('.graphiql-query-editor').getByText(name, { exact: true }).first().waitFor();
}

/** Runs the operation of the open tab, and returns the response as it was received. */
export async function run(page: Page): Promise<unknown> {
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
export async function pressUntil(page: Page, label: RegExp): Promise<void> {
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
