import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';

import { isOperation, run, selectTab, setUpGraphiql, textOf } from './graphiqlPage.ts';

const graphiql = setUpGraphiql();

const QUERY = 'query Linked($first: Int!) {\n  livestreams(first: $first) {\n    totalCount\n  }\n}';
const VARIABLES = '{"first": 3}';
const PARAMETERS = new URLSearchParams({
  query: QUERY,
  variables: VARIABLES,
  headers: '{"authorization":"Bearer of-the-attacker"}',
});

/** Opens a link in a window of its own, and returns the operations that the page has sent by itself. */
async function openLink(link: string): Promise<{ page: Page; sent: string[] }> {
  const page = await graphiql.newPage();
  const sent: string[] = [];
  page.on('request', (request) => isOperation(request) && sent.push(request.postData() ?? ''));
  await page.goto(link);
  await page.locator('.graphiql-execute-button').waitFor();
  return { page, sent };
}

const activeTab = async (page: Page): Promise<string> => page.locator('.graphiql-tab-active').innerText();

describe('links to an operation in GraphiQL', () => {
  test.each(['#', '?'])(
    'after "%s" open a tab with the operation and its variables, but without headers',
    async (separator) => {
      const { page } = await openLink(`${graphiql.address()}${separator}${PARAMETERS}`);
      expect(await activeTab(page)).toBe('Linked');
      expect(await textOf(page, 'operation.graphql')).toBe(QUERY);
      expect(await textOf(page, 'variables.json')).toBe(VARIABLES);
      expect(await textOf(page, 'request-headers.json')).not.toContain('attacker');
      expect(await run(page)).toHaveProperty('data.livestreams.totalCount', 320);
      await page.context().close();
    },
  );

  test('run nothing until the user does, and ask the user to read the operation first', async () => {
    const mutation = 'mutation { stopLivestream(input: { meetingId: "a" }) { userErrors { code } } }';
    const { page, sent } = await openLink(`${graphiql.address()}#${new URLSearchParams({ query: mutation })}`);
    expect(await page.locator('#link-notice').innerText()).toContain('Read it before you run it');
    // By then, the page has sent everything that it sends by itself.
    await page.locator('#budget').getByText('left').waitFor();
    await page.locator('.graphiql-sidebar button').first().click();
    await page.locator('.graphiql-doc-explorer-content').getByText('Query', { exact: true }).waitFor();
    expect(sent).toEqual([]);
    await page.context().close();
  });

  test('cannot bring scripts with them', async () => {
    const script =
      '</script><script>document.title = "attacked"</script><img src=x onerror="document.title=\'attacked\'">';
    const { page } = await openLink(
      `${graphiql.address()}?${new URLSearchParams({ query: script, variables: script })}`,
    );
    expect(await textOf(page, 'operation.graphql')).toBe(script);
    expect(await page.title()).not.toContain('attacked');
    await page.context().close();
  });

  test('come from the button "Copy link": they contain the operation of the open tab, and no headers', async () => {
    const page = await graphiql.openWindow({ permissions: ['clipboard-read', 'clipboard-write'] });
    await selectTab(page, 'Start');
    const operation = await textOf(page, 'operation.graphql');
    const variables = await textOf(page, 'variables.json');
    await page.getByRole('button', { name: 'Copy link' }).click();
    await page.getByRole('button', { name: 'Link copied' }).waitFor();
    const link = String(await page.evaluate('navigator.clipboard.readText()'));
    expect(link).not.toContain('x-upstream-report');
    const { page: other } = await openLink(link);
    expect(await activeTab(other)).toBe('Start');
    expect(await textOf(other, 'operation.graphql')).toBe(operation);
    expect(await textOf(other, 'variables.json')).toBe(variables);
    await page.context().close();
    await other.context().close();
  });

  test('do not come from an empty tab: the button says that there is nothing to copy', async () => {
    const page = await graphiql.openWindow({ permissions: ['clipboard-read', 'clipboard-write'] });
    await page.evaluate('navigator.clipboard.writeText("from elsewhere")');
    await page.locator('.graphiql-tab-add').click();
    await page.locator('.graphiql-tab-active').getByText('<untitled>').waitFor();
    await page.getByRole('button', { name: 'Copy link' }).click();
    await page.getByRole('button', { name: 'Nothing to copy' }).waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe('from elsewhere');
    await page.context().close();
  });

  test('are in the address bar where the page must not write to the clipboard', async () => {
    const page = await graphiql.newPage();
    await page.addInitScript(
      'Object.defineProperty(Navigator.prototype, "clipboard", { get: () => ({ writeText: () => Promise.reject(new Error()) }) })',
    );
    await graphiql.loadGraphiql(page);
    await page.getByRole('button', { name: 'Copy link' }).click();
    await page.getByRole('button', { name: 'Link is in the address bar' }).waitFor();
    expect(new URLSearchParams(new URL(page.url()).hash.slice(1)).get('query')).toContain('query LiveNow');
    await page.context().close();
  });

  test('add a single tab to those of an earlier visit, however often they are opened', async () => {
    const page = await graphiql.openWindow();
    const tabs = page.locator('.graphiql-tab-button');
    const names = await tabs.allInnerTexts();
    // GraphiQL stores its tabs a while after it has opened.
    await expect.poll(() => page.evaluate('localStorage["graphiql:tabState"]')).toContain('Entities');
    for (let visits = 0; visits < 2; visits += 1) {
      await page.goto('about:blank');
      await graphiql.loadGraphiql(page, `#${PARAMETERS}`);
      expect(await activeTab(page)).toBe('Linked');
      expect(new URL(page.url()).hash).toBe('');
      await expect.poll(() => page.evaluate('localStorage["graphiql:tabState"]')).toContain('Linked');
    }
    expect(await tabs.allInnerTexts()).toEqual([...names, 'Linked']);
    await page.context().close();
  });
});
