import type { Locator } from 'playwright-core';
import { describe, expect, test } from 'vitest';

import { press, run, selectTab, setUpGraphiql, textOf } from './graphiqlPage.ts';

const graphiql = setUpGraphiql();

describe('the example tabs of GraphiQL', () => {
  test('show their comments without cutting them off or wrapping them, in a window of 1400 pixels', async () => {
    const page = await graphiql.openWindow();
    for (const name of await page.locator('.graphiql-tab-button').allInnerTexts()) {
      await selectTab(page, name);
      const comments = (await textOf(page, 'operation.graphql')).split('\n').filter((line) => line.startsWith('#'));
      expect(comments.length).toBeGreaterThan(0);
      const editor = page.locator('.graphiql-query-editor .monaco-editor').first();
      const shown = editor.locator('.view-line').filter({ hasText: /^#/ });
      await expect
        .poll(async () => (await shown.allInnerTexts()).map(withPlainSpaces).toSorted())
        .toEqual(comments.toSorted());
      const edge = await rightEdge(editor);
      for (const text of await shown.locator('> span').all()) expect(await rightEdge(text)).toBeLessThanOrEqual(edge);
    }
    await page.context().close();
  });

  test('contain nothing that the editors mark as an error', async () => {
    const page = await graphiql.openWindow();
    const markedFiles = async () =>
      page.evaluate(
        'monaco.editor.getModelMarkers({}).filter(({ severity }) => severity >= 4).map(({ resource, message }) => resource.path + ": " + message)',
      );
    for (const name of await page.locator('.graphiql-tab-button').allInnerTexts()) {
      await selectTab(page, name);
      // An error in each editor, which stays marked until the editors have checked the example that replaces it.
      const append = (text: string) => `
        for (const model of monaco.editor.getModels().filter(({ uri }) => /operation.graphql|variables.json/.test(uri.path)))
          model.setValue(${text})
      `;
      await page.evaluate(
        `window.examples = new Map(); ${append('(window.examples.set(model, model.getValue()), "{ wrong")')}`,
      );
      await expect
        .poll(markedFiles)
        .toEqual(
          expect.arrayContaining([
            expect.stringContaining('operation.graphql'),
            expect.stringContaining('variables.json'),
          ]),
        );
      await page.evaluate(append('window.examples.get(model)'));
      await expect.poll(markedFiles).toEqual([]);
    }
    await page.context().close();
  });

  test('send their headers on a first visit, in the first tab too', async () => {
    const page = await graphiql.openWindow();
    expect(await run(page)).toHaveProperty('extensions.upstream.budget.limit', 1200);
    await page.context().close();
  });

  test('read page after page: the cursor of one page leads to the next', async () => {
    const page = await graphiql.openWindow();
    await selectTab(page, 'Pages');
    const first = JSON.stringify(await run(page));
    const cursor = /"endCursor":"([^"]+)"/.exec(first)?.[1] ?? '';
    await page.locator('[aria-label="Variables"] .view-line').filter({ hasText: 'after' }).click();
    await page.keyboard.press('End');
    await press(page, 'Backspace', 'null'.length);
    await page.keyboard.insertText(JSON.stringify(cursor));
    await expect.poll(() => textOf(page, 'variables.json')).toContain(cursor);
    const second = JSON.stringify(await run(page));
    const ids = [first, second].flatMap((json) => Array.from(json.matchAll(/"id":"([^"]+)"/g), ([, id]) => id));
    expect(new Set(ids).size).toBe(10);
    await page.context().close();
  });

  test('show an error of one field beside the data of another', async () => {
    const page = await graphiql.openWindow();
    await selectTab(page, 'Errors');
    const response = await run(page);
    expect(response).toHaveProperty('data.found.name');
    expect(response).toMatchObject({
      data: { missing: null, refused: null },
      errors: [{ path: ['refused'], extensions: { code: 'BAD_USER_INPUT', retryable: false } }],
    });
    await page.context().close();
  });

  test('resolve entities of several types as a federation router does', async () => {
    const page = await graphiql.openWindow();
    await selectTab(page, 'Entities');
    expect(await run(page)).toMatchObject({
      data: {
        _entities: [
          { __typename: 'Livestream', status: 'LIVE' },
          { __typename: 'Meeting', activeLivestream: {} },
        ],
      },
    });
    await page.context().close();
  });

  test('say that another tab ends the subscription, and that a second window does not', async () => {
    const page = await graphiql.openWindow();
    await selectTab(page, 'Watch');
    expect((await textOf(page, 'operation.graphql')).replaceAll(/\s+#?\s*/g, ' ')).toMatch(
      /Opening another tab stops it too: open GraphiQL in a second window/,
    );
    await page.context().close();
  });

  test('survive a reload: the tab that was open is open again, with its variables', async () => {
    const page = await graphiql.openWindow();
    const tabs = page.locator('.graphiql-tab-button');
    const names = await tabs.allInnerTexts();
    await selectTab(page, 'Start');
    const variables = await textOf(page, 'variables.json');
    const isStored = async () => page.evaluate('JSON.parse(localStorage["graphiql:tabState"]).activeTabIndex');
    await expect.poll(isStored).toBe(names.indexOf('Start'));
    await page.reload();
    await page.locator('.graphiql-tab-active').getByText('Start', { exact: true }).waitFor();
    expect(await tabs.allInnerTexts()).toEqual(names);
    expect(await textOf(page, 'operation.graphql')).toContain('mutation Start');
    expect(await textOf(page, 'variables.json')).toBe(variables);
    expect(await textOf(page, 'request-headers.json')).toContain('x-upstream-report');
    await page.context().close();
  });
});

async function rightEdge(locator: Locator): Promise<number> {
  const { x, width } = (await locator.boundingBox()) ?? { x: Infinity, width: 0 };
  return x + width;
}

function withPlainSpaces(text: string): string {
  return text.replaceAll('\u00A0', ' ');
}
