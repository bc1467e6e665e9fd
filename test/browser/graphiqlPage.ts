import type { Page } from 'playwright-core';
import { expect } from 'vitest';

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
