import type { Locator, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';

import { hashOf } from '../support/hashOf.ts';
import { isOperation, press, run, selectTab, setUpGraphiql, textOf } from './graphiqlPage.ts';

const KEY = 'key-of-the-test';
const HASH = hashOf(KEY);

const graphiql = setUpGraphiql({ AUTH: 'api-key', API_KEYS: `tester ${HASH} livestream:read livestream:write` });

/** Enters the key as a user does, behind what the page has prefilled. */
async function enterKey(page: Page, key: string): Promise<void> {
  const line = page.locator('[aria-label="Headers"] .view-line').filter({ hasText: 'authorization' });
  await line.click();
  await page.keyboard.press('End');
  // Before the quotation mark and the comma.
  await press(page, 'ArrowLeft', 2);
  await page.keyboard.type(key);
}

/** Replaces all headers of the open tab. */
async function replaceHeaders(page: Page, headers: Record<string, string>): Promise<void> {
  await page.locator('[aria-label="Headers"] .view-line').filter({ hasText: '"' }).first().click();
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.insertText(JSON.stringify(headers));
  // The quotation mark and the brace that the editor has added.
  await page.keyboard.press('ControlOrMeta+Shift+End');
  await page.keyboard.press('Delete');
  await expect.poll(() => textOf(page, 'request-headers.json')).toBe(JSON.stringify(headers));
}

/** What the page says above GraphiQL. */
const noticeOf = (page: Page): Locator => page.locator('#credential-notice');

async function showsSchema(page: Page): Promise<void> {
  await page.locator('.graphiql-sidebar button').first().click();
  await page.locator('.graphiql-doc-explorer-content').getByText('Query', { exact: true }).waitFor();
}

const storageOf = async (page: Page): Promise<string> =>
  String(await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }])'));

describe('GraphiQL of a gateway that authenticates its callers', () => {
  test('says how callers authenticate, and shows the header to complete', async () => {
    const page = await graphiql.openWindow();
    expect(await page.locator('.status').innerText()).toContain('Authentication: API key');
    expect(JSON.parse(await textOf(page, 'request-headers.json'))).toHaveProperty('authorization', 'Bearer ');
    expect(await page.locator('[aria-label="Headers"]').innerText()).toContain('authorization');
    await page.context().close();
  });

  test('says at the first 401 what to enter where', async () => {
    const page = await graphiql.openWindow();
    const notice = noticeOf(page);
    await notice.waitFor();
    expect(await notice.innerText()).toMatch(
      /This gateway needs your API key\. Open Headers .* complete "authorization": "Bearer <API key>"\./,
    );
    await page.context().close();
  });

  test('shows no response before anything was run', async () => {
    const page = await graphiql.newPage();
    await page.addInitScript(`
      document.addEventListener('DOMContentLoaded', () => {
        window.responses = [];
        monaco.editor.onDidCreateModel((model) => {
          if (model.uri.path.endsWith('response.json'))
            model.onDidChangeContent(() => window.responses.push(model.getValue()));
        });
      });
    `);
    await graphiql.loadGraphiql(page);
    await noticeOf(page).waitFor();
    // GraphiQL has filled the pane, and the page has emptied it.
    await expect.poll(() => page.evaluate('window.responses.length')).toBeGreaterThan(0);
    await expect.poll(() => textOf(page, 'response.json')).toBe('');
    expect(await run(page)).toHaveProperty('errors');
    await expect.poll(() => textOf(page, 'response.json')).toContain('UNAUTHENTICATED');
    await page.context().close();
  });

  test('does not use a key in other tabs if an event of a stream says that it is wrong', async () => {
    const page = await graphiql.newPage();
    const event = JSON.stringify({ errors: [{ message: 'Unknown.', extensions: { code: 'UNAUTHENTICATED' } }] });
    const isStream = (body: string | null): boolean => body?.includes('subscription Watch') === true;
    await page.route('**/graphql', async (route) =>
      isStream(route.request().postData())
        ? route.fulfill({
            contentType: 'text/event-stream',
            body: `event: next\ndata: ${event}\n\nevent: complete\ndata:\n\n`,
          })
        : route.fallback(),
    );
    await graphiql.loadGraphiql(page);
    await selectTab(page, 'Watch');
    await enterKey(page, 'wrong');
    await page.locator('.graphiql-execute-button').click();
    await page.locator('.graphiql-response').getByText('UNAUTHENTICATED').waitFor();
    await selectTab(page, 'Livestream');
    const sent = page.waitForRequest((request) => isOperation(request));
    await run(page);
    expect((await sent).headers()['authorization']).not.toContain('wrong');
    await page.context().close();
  });

  test('loads the schema by itself once the key is right, and other tabs use the same key', async () => {
    const page = await graphiql.openWindow();
    await noticeOf(page).waitFor();
    await enterKey(page, 'wrong');
    await expect.poll(() => noticeOf(page).innerText()).toContain('The API key is unknown: send a valid one.');
    await press(page, 'Backspace', 'wrong'.length);
    await page.keyboard.type(KEY);
    await noticeOf(page).waitFor({ state: 'hidden' });
    await showsSchema(page);
    await expect.poll(() => page.locator('#budget').innerText()).toMatch(/of 1,200 upstream requests left/);
    expect(await run(page)).toHaveProperty('data.livestreams.totalCount');
    await selectTab(page, 'Livestream');
    expect(await run(page)).toHaveProperty('data.livestream.id');
    await page.context().close();
  });

  test('accepts the key as "x-api-key" in the same way: the schema loads by itself, other tabs use it, nothing stores it', async () => {
    const page = await graphiql.openWindow();
    await noticeOf(page).waitFor();
    expect(await noticeOf(page).innerText()).toContain('enter "x-api-key": "<API key>"');
    await replaceHeaders(page, { 'x-api-key': KEY });
    await noticeOf(page).waitFor({ state: 'hidden' });
    await showsSchema(page);
    await expect.poll(() => page.locator('#budget').innerText()).toMatch(/of 1,200 upstream requests left/);
    await selectTab(page, 'Livestream');
    const sent = page.waitForRequest((request) => isOperation(request));
    expect(await run(page)).toHaveProperty('data.livestream.id');
    expect((await sent).headers()).toMatchObject({ 'x-api-key': KEY });
    expect((await sent).headers()).not.toHaveProperty('authorization');
    await expect.poll(() => storageOf(page)).toMatch(/tabState.*Livestream/);
    expect(await storageOf(page)).not.toContain(KEY);
    await page.context().close();
  });

  test('says that a key is wrong before anything is run with it, even after a right one', async () => {
    const page = await graphiql.openWindow();
    await noticeOf(page).waitFor();
    await replaceHeaders(page, { 'x-api-key': KEY });
    await noticeOf(page).waitFor({ state: 'hidden' });
    await replaceHeaders(page, { authorization: 'Bearer wrong' });
    await expect.poll(() => noticeOf(page).innerText()).toContain('The API key is unknown: send a valid one.');
    await replaceHeaders(page, { authorization: `Bearer ${KEY}` });
    await noticeOf(page).waitFor({ state: 'hidden' });
    await page.context().close();
  });

  test('runs operations of the first tab with the key on a first visit, without opening another tab', async () => {
    const page = await graphiql.openWindow();
    await noticeOf(page).waitFor();
    await enterKey(page, KEY);
    const sent = page.waitForRequest((request) => isOperation(request));
    expect(await run(page)).toHaveProperty('data.livestreams.totalCount');
    expect((await sent).headers()).toMatchObject({ authorization: `Bearer ${KEY}`, 'x-upstream-report': '1' });
    await page.context().close();
  });

  test('keeps the warning of an operation that comes from a link, beside what to enter', async () => {
    const page = await graphiql.newPage();
    await graphiql.loadGraphiql(page, '#query=mutation%20%7B%20a%20%7D');
    await noticeOf(page).waitFor();
    expect(await page.locator('#link-notice').innerText()).toContain('Read it before you run it');
    await enterKey(page, KEY);
    await noticeOf(page).waitFor({ state: 'hidden' });
    expect(await page.locator('#link-notice').isVisible()).toBe(true);
    await page.context().close();
  });

  test('stores no credential: after a reload, the header is blank again', async () => {
    const page = await graphiql.openWindow();
    await noticeOf(page).waitFor();
    await enterKey(page, KEY);
    await noticeOf(page).waitFor({ state: 'hidden' });
    await run(page);
    await selectTab(page, 'Livestream');
    await run(page);
    expect(await storageOf(page)).not.toContain(KEY);
    await page.reload();
    await noticeOf(page).waitFor();
    expect(await textOf(page, 'request-headers.json')).toContain('"authorization": "Bearer "');
    expect(await storageOf(page)).toMatch(/tabState.*Livestream/);
    expect(await storageOf(page)).not.toContain(KEY);
    await page.context().close();
  });

  test('removes credentials that an earlier version of the page has stored', async () => {
    const page = await graphiql.openWindow();
    // GraphiQL stores its tabs a while after it has opened.
    await expect.poll(async () => page.evaluate('localStorage["graphiql:tabState"]')).toContain('LiveNow');
    await page.evaluate(`
      const state = JSON.parse(localStorage['graphiql:tabState']);
      state.tabs[0].headers = '{"authorization":"Bearer ${KEY}"}';
      localStorage['graphiql:tabState'] = JSON.stringify(state);
      localStorage['graphiql:headers'] = state.tabs[0].headers;
      localStorage['graphiql:shouldPersistHeaders'] = 'true';
    `);
    await page.reload();
    await noticeOf(page).waitFor();
    expect(await textOf(page, 'request-headers.json')).toContain('"authorization": "Bearer "');
    expect(await storageOf(page)).not.toContain(KEY);
    await page.context().close();
  });
});
