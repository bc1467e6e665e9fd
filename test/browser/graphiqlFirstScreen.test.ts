import { describe, expect, test } from 'vitest';

import { run, setUpGraphiql, textOf } from './graphiqlPage.ts';

const sandbox = setUpGraphiql();

describe('the first screen of GraphiQL', () => {
  test('says that this is the sandbox, that callers need not authenticate, and what is left of the budget', async () => {
    const page = await sandbox.openWindow();
    const status = page.locator('.status');
    await status.getByText('upstream requests left').waitFor();
    expect(await status.innerText()).toMatch(
      /Sandbox: a simulated RealtimeKit API.*No authentication.*[\d,]+ of 1,200 upstream requests left/s,
    );
    await page.context().close();
  });

  test('spends no upstream request, and the budget is up to date after each operation', async () => {
    const page = await sandbox.openWindow();
    const budget = page.locator('#budget');
    await expect.poll(() => budget.innerText()).toMatch(/^1,200 of/);
    await run(page);
    await expect.poll(() => budget.innerText()).toMatch(/^1,1\d\d of/);
    await page.context().close();
  });

  test('offers the explorer, which builds a query by clicks', async () => {
    const page = await sandbox.openWindow();
    await page.getByRole('button', { name: 'Show GraphiQL Explorer' }).click();
    await page.locator('.graphiql-plugin').getByText('livestreamAnalytics').first().click();
    await expect.poll(() => textOf(page, 'operation.graphql')).toContain('livestreamAnalytics');
    await page.context().close();
  });
});

describe('the first screen of GraphiQL, for a real app', () => {
  const IDS = {
    CLOUDFLARE_ACCOUNT_ID: 'the-account-id',
    REALTIMEKIT_APP_ID: 'the-app-id',
    CLOUDFLARE_API_TOKEN: 'the-token',
  };
  const app = setUpGraphiql({ ...IDS, CLOUDFLARE_BASE_URL: 'http://127.0.0.1:9/client/v4' });

  test('names the host of the API, and neither the ids nor the token', async () => {
    const page = await app.openWindow();
    expect(await page.locator('.status').innerText()).toContain('RealtimeKit: the app of this gateway, at 127.0.0.1:9');
    const html = await page.content();
    for (const secret of Object.values(IDS)) expect(html).not.toContain(secret);
    await page.context().close();
  });
});
