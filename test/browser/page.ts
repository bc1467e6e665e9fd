import { type Browser, type Locator, type Page, chromium } from 'playwright-core';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The machine's Chromium. Rejects where there is none: `CHROMIUM_PATH` tells where another one is. */
export async function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: process.env['CHROMIUM_PATH'] || '/usr/bin/chromium', args: FLAGS });
}

/** What the page did besides being looked at. */
export interface Witness {
  /** The address of each request, those of workers too. */
  requests: string[];
  complaints: string[];
}

/** A page that has never been opened before, with GraphiQL ready for use. */
export async function openGraphiql(
  browser: Browser,
  origin: string,
  colorScheme: 'light' | 'dark' = 'light',
): Promise<{ page: Page; witness: Witness }> {
  const context = await browser.newContext({ colorScheme, viewport: { width: 1400, height: 850 } });
  const witness: Witness = { requests: [], complaints: [] };
  context.on('request', (request) => witness.requests.push(request.url()));
  context.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') witness.complaints.push(message.text());
  });
  context.on('weberror', (error) => witness.complaints.push(String(error.error())));
  const page = await context.newPage();
  await page.goto(`${origin}/graphql`);
  await editor(page).getByText('query LiveNow').waitFor();
  return { page, witness };
}

/** The text of the operation that stands in the editor. */
export function editor(page: Page): Locator {
  return page.locator('.graphiql-query-editor .view-lines');
}

export function tabs(page: Page): Locator {
  return page.locator('.graphiql-tab-button');
}

/** Goes to the tab of an operation. GraphiQL changes the editors a moment after the tab, so that their text is waited for. */
export async function openTab(page: Page, operation: string): Promise<void> {
  await tabs(page).getByText(operation, { exact: true }).click();
  await editor(page).getByText(`${operation}($`).waitFor();
  await page.locator('.graphiql-editor-tool .view-lines').first().getByText('Id').waitFor();
}

/** Runs what stands in the editor, and gives the answer that came over the wire. */
export async function run(page: Page, operation: string, act: () => Promise<void>): Promise<unknown> {
  const answered = page.waitForResponse((response) => {
    const body: unknown = response.request().postDataJSON();
    return JSON.stringify(body)?.includes(`"operationName":"${operation}"`) ?? false;
  });
  const [response] = await Promise.all([answered, act()]);
  const answer: unknown = await response.json();
  return answer;
}

export function playButton(page: Page): Locator {
  return page.getByRole('button', { name: /^Execute query/ });
}

/** The text of the result pane. */
export function result(page: Page): Locator {
  return page.locator('.graphiql-response .view-lines');
}
