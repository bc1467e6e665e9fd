import { describe, expect, test } from 'vitest';

import { pressRun, run, selectTab, setUpGraphiql, textOf } from './graphiqlPage.ts';

const graphiql = setUpGraphiql();
const NO_ANSWER = 'The gateway does not answer.';

describe('GraphiQL while the gateway cannot be reached', () => {
  test('says so in the response and at the top, in place of the budget, and recovers with the next response', async () => {
    const page = await graphiql.openWindow();
    const budget = page.locator('#budget');
    await selectTab(page, 'Livestream');
    await expect.poll(() => budget.innerText()).toContain('1,200 upstream requests left');
    await page.context().setOffline(true);
    await pressRun(page);
    await page.locator('.graphiql-response').getByText(NO_ANSWER).waitFor();
    expect(JSON.parse(await textOf(page, 'response.json'))).toEqual({ errors: [{ message: NO_ANSWER }] });
    await expect.poll(() => budget.innerText()).toBe(NO_ANSWER);
    await page.context().setOffline(false);
    expect(await run(page)).toHaveProperty('data.livestream.id');
    await expect.poll(() => budget.innerText()).toContain('upstream requests left');
    await page.context().close();
  });

  test('loads the schema by itself with the next response', async () => {
    const page = await graphiql.newPage();
    let isReachable = false;
    await page.route('**/graphql', async (route) =>
      !isReachable && (route.request().postData() ?? '').includes('IntrospectionQuery')
        ? route.abort()
        : route.fallback(),
    );
    await graphiql.loadGraphiql(page);
    await page.locator('.graphiql-response').getByText(NO_ANSWER).waitFor();
    isReachable = true;
    expect(await run(page)).toHaveProperty('data');
    await page.locator('.graphiql-sidebar button').first().click();
    await page.locator('.graphiql-doc-explorer-content').getByText('Query', { exact: true }).waitFor();
    await page.context().close();
  });
});
