import { type Browser, type BrowserContextOptions, chromium, type Page, type Request } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';

import { CHROMIUM, type Program, startProgram } from './startProgram.ts';

/** Starts the program and a browser for all tests of a file. */
export function setUpGraphiql(settings: Record<string, string> = {}) {
  let program: Program;
  let browser: Browser;

  beforeAll(async () => {
    [program, browser] = await Promise.all([startProgram(settings), chromium.launch(CHROMIUM)]);
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
    /** Opens GraphiQL; `suffix` is what follows its path in the URL. */
    async loadGraphiql(page: Page, suffix = ''): Promise<void> {
      await page.goto(`${program.address}${suffix}`);
      await page.locator('.graphiql-execute-button').waitFor();
    },
    /** Opens GraphiQL in a window of its own. */
    async openWindow(options: BrowserContextOptions = {}): Promise<Page> {
      const page = await this.newPage(options);
      await this.loadGraphiql(page);
      return page;
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
    page.waitForResponse((candidate) => isOperation(candidate.request())),
    pressRun(page),
  ]);
  return response.json();
}

/** Clicks the button "Execute" until a request is sent: right after a tab was opened, GraphiQL does not know its operation yet. */
export async function pressRun(page: Page): Promise<void> {
  for (let isSent = false; !isSent;) {
    const request = page
      .waitForRequest((candidate) => isOperation(candidate), { timeout: 1000 })
      .then(
        () => true,
        () => false,
      );
    await page.locator('.graphiql-execute-button').click();
    isSent = await request;
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

/** Whether a request runs the operation of a tab: the page itself asks for the schema, the budget and the cost. */
export function isOperation(request: Request): boolean {
  const body = request.postData();
  return body !== null && !/IntrospectionQuery|GraphiqlBudget/.test(body) && request.headers()['x-cost'] !== 'estimate';
}

/** One of GraphiQL's editors, as Monaco names them. */
type Editor = 'operation.graphql' | 'variables.json' | 'request-headers.json' | 'response.json';

/** Returns the whole text of an editor: the page contains only the lines that are visible. */
export async function textOf(page: Page, editor: Editor): Promise<string> {
  const model = `monaco.editor.getModels().find(({ uri }) => uri.path.endsWith(${JSON.stringify(editor)}))`;
  return String(await page.evaluate(`${model}.getValue()`));
}

/** Presses a key several times. */
export async function press(page: Page, key: string, times: number): Promise<void> {
  for (let count = 0; count < times; count += 1) await page.keyboard.press(key);
}
