import type { Locator, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';

import { run, setUpGraphiql, textOf } from './graphiqlPage.ts';

const graphiql = setUpGraphiql();
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

async function boxOf(locator: Locator) {
  const box = await locator.boundingBox();
  expect(box).not.toBeNull();
  return box ?? { x: 0, y: 0, width: 0, height: 0 };
}

/** Moves a finger across an element, from right to left. */
async function swipe(page: Page, locator: Locator): Promise<void> {
  const { x, y, width, height } = await boxOf(locator);
  const session = await page.context().newCDPSession(page);
  const touch = async (type: 'touchStart' | 'touchMove' | 'touchEnd', position?: number): Promise<unknown> => {
    const touchPoints = position === undefined ? [] : [{ x: position, y: y + height / 2 }];
    return session.send('Input.dispatchTouchEvent', { type, touchPoints });
  };
  await touch('touchStart', x + width - 10);
  for (let position = x + width - 20; position > x; position -= 20) await touch('touchMove', position);
  await touch('touchEnd');
  await session.detach();
}

describe('GraphiQL on a screen of 390 pixels', () => {
  test('is as wide as the screen, without anything to the right of it', async () => {
    const page = await graphiql.openWindow(PHONE);
    expect(await page.evaluate('[innerWidth, document.documentElement.scrollWidth]')).toEqual([390, 390]);
    await page.context().close();
  });

  test('shows the response below the query, both over the whole width', async () => {
    const page = await graphiql.openWindow(PHONE);
    await run(page);
    const response = page.locator('.graphiql-response');
    await response.getByText('"totalCount"').waitFor();
    const [query, result] = [await boxOf(page.locator('.graphiql-query-editor')), await boxOf(response)];
    expect(Math.min(query.width, result.width)).toBeGreaterThan(350);
    expect(Math.min(query.height, result.height)).toBeGreaterThan(200);
    expect(result.y).toBeGreaterThanOrEqual(query.y + query.height);
    expect(result.y + result.height).toBeLessThanOrEqual(844);
    await page.context().close();
  });

  test('has buttons of at least 24 pixels, none of which covers another', async () => {
    const page = await graphiql.openWindow(PHONE);
    const buttons = page.locator(
      '.graphiql-sidebar button, .graphiql-toolbar button, .graphiql-editor-tools button, #copy-link',
    );
    expect(await buttons.count()).toBeGreaterThanOrEqual(13);
    for (const button of await buttons.all()) {
      const { width, height } = await boxOf(button);
      expect(Math.min(width, height)).toBeGreaterThanOrEqual(24);
      // Fails if something else would get the tap.
      await button.tap({ trial: true });
    }
    await page.context().close();
  });

  test('reaches the last tab by swipes across the tabs, and shows its variables', async () => {
    const page = await graphiql.openWindow(PHONE);
    const tabs = page.locator('.graphiql-tabs');
    const last = page.locator('.graphiql-tab-button').last();
    const rightOfTabs = async (): Promise<number> => {
      await swipe(page, tabs);
      return (await boxOf(last)).x;
    };
    await expect.poll(rightOfTabs, { timeout: 15_000 }).toBeLessThan(300);
    await last.tap();
    await expect.poll(() => textOf(page, 'operation.graphql')).toContain('query Entities');
    await page.locator('[data-name="variables"]').tap();
    await page.locator('[aria-label="Variables"]').getByText('livestreamId').waitFor();
    await page.context().close();
  });

  test('shows the tab that "+" adds', async () => {
    const page = await graphiql.openWindow(PHONE);
    await page.locator('.graphiql-tab-add').tap();
    const active = page.locator('.graphiql-tab-active');
    await active.getByText('<untitled>').waitFor();
    const rightEdge = async (): Promise<number> => {
      const { x, width } = await boxOf(active);
      return x + width;
    };
    await expect.poll(rightEdge).toBeLessThanOrEqual(390);
    await page.context().close();
  });

  test('shows the documentation over the panes, and hides it again', async () => {
    const page = await graphiql.openWindow(PHONE);
    const button = page.locator('.graphiql-sidebar button').first();
    await button.tap();
    const docs = page.locator('.graphiql-plugin');
    await docs.getByText('Query', { exact: true }).waitFor();
    expect(await boxOf(docs)).toMatchObject({ x: 0, width: 390 });
    await button.tap();
    await expect.poll(async () => (await boxOf(docs)).x).toBeLessThan(-390);
    await page.context().close();
  });
});
