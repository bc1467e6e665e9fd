import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';

import { hashOf } from '../support/hashOf.ts';
import { run, selectTab, setUpGraphiql } from './graphiqlPage.ts';

const SESSIONS = 'livestreams(first: 50) { nodes { activeSession { id } } }';

/** Replaces the whole text of one of GraphiQL's editors, as Monaco names them. */
async function enter(page: Page, editor: 'operation.graphql' | 'variables.json', text: string): Promise<void> {
  const model = `monaco.editor.getModels().find(({ uri }) => uri.path.endsWith(${JSON.stringify(editor)}))`;
  await page.evaluate(`${model}.setValue(${JSON.stringify(text)})`);
}

/** The cost as the page shows it; empty if it shows none. */
const costOf = async (page: Page): Promise<string> =>
  (await page.locator('.cost').allInnerTexts()).join().replaceAll(/\s+/g, ' ');

/** As patient as a busy machine needs. */
const WAIT = { timeout: 15_000 };

/** The contrast of the cost's colors, by WCAG 2.2 (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio). */
const CONTRAST = `(() => {
  const channels = (color) => color.match(/[\\d.]+/g).slice(0, 3).map((channel) => {
    const value = channel / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  const luminance = (color) => {
    const [red, green, blue] = channels(color);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const cost = document.querySelector('.cost');
  let behind = cost;
  while (/, 0\\)$|^transparent$/.test(getComputedStyle(behind).backgroundColor)) behind = behind.parentElement;
  const both = [getComputedStyle(cost).color, getComputedStyle(behind).backgroundColor].map(luminance);
  return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
})()`;

describe('the cost that GraphiQL shows', () => {
  const graphiql = setUpGraphiql();

  test('is that of the operation as it is written, from the first one on, and sends nothing upstream', async () => {
    const page = await graphiql.openWindow();
    await expect.poll(() => costOf(page), WAIT).toBe('22 requests');
    await enter(page, 'operation.graphql', `{ ${SESSIONS} }`);
    await expect.poll(() => costOf(page), WAIT).toBe('51 requests');
    await enter(page, 'operation.graphql', '{ livestreams(first: 50) { totalCount } }');
    await expect.poll(() => costOf(page), WAIT).toBe('1 request');
    await enter(page, 'operation.graphql', '{ upstreamBudget { limit } }');
    await expect.poll(() => costOf(page), WAIT).toBe('0 requests');
    expect(await page.locator('#budget').innerText()).toMatch(/^1,200 of 1,200/);
    await page.context().close();
  });

  test('depends on the variables', async () => {
    const page = await graphiql.openWindow();
    await enter(
      page,
      'operation.graphql',
      'query ($n: Int!) { livestreams(first: $n) { nodes { activeSession { id } } } }',
    );
    await expect.poll(() => costOf(page), WAIT).toBe('');
    await enter(page, 'variables.json', '{ "n": 7 }');
    await expect.poll(() => costOf(page), WAIT).toBe('8 requests');
    await enter(page, 'variables.json', '{ "n": 7');
    await expect.poll(() => costOf(page), WAIT).toBe('');
    await page.context().close();
  });

  test('is absent while the document is invalid', async () => {
    const page = await graphiql.openWindow();
    for (const invalid of ['{ livestreams(first: 50) {', '{ nothing }', '', '# Nothing yet.']) {
      await enter(page, 'operation.graphql', `{ ${SESSIONS} }`);
      await expect.poll(() => costOf(page), WAIT).toBe('51 requests');
      await enter(page, 'operation.graphql', invalid);
      await expect.poll(() => costOf(page), WAIT).toBe('');
    }
    await page.context().close();
  });

  test('follows the tabs, and does not run the mutation in one of them', async () => {
    const page = await graphiql.openWindow();
    await expect.poll(() => costOf(page), WAIT).toBe('22 requests');
    await selectTab(page, 'Session');
    await expect.poll(() => costOf(page), WAIT).toBe('2 requests');
    await selectTab(page, 'Stop');
    await expect.poll(() => costOf(page), WAIT).toBe('3 requests');
    await selectTab(page, 'Start');
    await expect.poll(() => costOf(page), WAIT).toBe('2 requests');
    await selectTab(page, 'LiveNow');
    await expect.poll(() => costOf(page), WAIT).toBe('22 requests');
    expect(await page.locator('#budget').innerText()).toMatch(/^1,200 of 1,200/);
    await page.context().close();
  });

  test('is that of the operation that the run button executes, where there are several', async () => {
    const page = await graphiql.openWindow();
    await enter(page, 'operation.graphql', `query A { ${SESSIONS} }\n\nquery B { livestream(id: "b") { name } }`);
    await expect.poll(() => costOf(page), WAIT).toBe('51 requests');
    await page.context().close();
  });

  test('is shown for an operation that costs too much to be executed', async () => {
    const page = await graphiql.openWindow();
    const rows = 'livestreams(first: 100) { nodes { activeSession { id } } }';
    await enter(page, 'operation.graphql', `{ meetings(first: 100) { nodes { ${rows} } } }`);
    await expect.poll(() => costOf(page), WAIT).toBe('10,101 requests');
    await page.context().close();
  });

  test.each(['light', 'dark'] as const)(
    'has an accessible name, and enough contrast in the %s scheme',
    async (colorScheme) => {
      const page = await graphiql.newPage({ colorScheme });
      await graphiql.loadGraphiql(page);
      await expect.poll(() => costOf(page), WAIT).toBe('22 requests');
      await page.getByRole('status', { name: 'Cost: at most 22 upstream requests', exact: true }).waitFor();
      await expect.poll(() => page.locator('.cost').getAttribute('aria-busy')).toBe('false');
      expect(Number(await page.evaluate(CONTRAST))).toBeGreaterThanOrEqual(4.5);
      await page.context().close();
    },
  );

  test.each([1400, 390])('is below the run button, and above the others, on a screen of %i pixels', async (width) => {
    const page = await graphiql.openWindow({ viewport: { width, height: 844 } });
    await expect.poll(() => costOf(page), WAIT).toBe('22 requests');
    const elements = ['.graphiql-execute-button', '.cost', '.graphiql-toolbar-button >> nth=0'];
    const boxes = await Promise.all(elements.map(async (selector) => page.locator(selector).boundingBox()));
    const [run, cost, prettify] = boxes.map((box) => box ?? { x: 0, y: 0, width: 0, height: 0 });
    expect(cost?.y).toBeGreaterThanOrEqual((run?.y ?? 0) + (run?.height ?? 0));
    expect(prettify?.y).toBeGreaterThanOrEqual((cost?.y ?? 0) + (cost?.height ?? 0));
    expect((cost?.x ?? 0) + (cost?.width ?? 0)).toBeLessThanOrEqual(width);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    await page.context().close();
  });
});

describe('the cost that GraphiQL shows where callers authenticate', () => {
  const KEY = 'key-of-the-test';
  const hash = hashOf(KEY);
  const graphiql = setUpGraphiql({ AUTH: 'api-key', API_KEYS: `tester ${hash} livestream:read` });

  test('appears once the credential is right', async () => {
    const page = await graphiql.openWindow();
    const estimates: string[] = [];
    page.on('request', (request) => {
      if (request.headers()['x-cost'] === 'estimate') estimates.push(request.headers()['authorization'] ?? '');
    });
    await page.locator('#credential-notice').waitFor();
    const line = page.locator('[aria-label="Headers"] .view-line').filter({ hasText: 'authorization' });
    await line.click();
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.type(KEY);
    await expect.poll(() => costOf(page), WAIT).toBe('22 requests');
    await selectTab(page, 'Session');
    await expect.poll(() => costOf(page), WAIT).toBe('2 requests');
    expect(new Set(estimates.slice(-2))).toEqual(new Set([`Bearer ${KEY}`]));
    await page.context().close();
  });
});

describe('GraphiQL of a gateway that reports no costs', () => {
  const graphiql = setUpGraphiql({ COST_REPORT: 'off' });

  test('shows no cost and asks for none', async () => {
    const page = await graphiql.newPage();
    const asked: string[] = [];
    page.on('request', (request) => {
      if ('x-cost' in request.headers()) asked.push(request.url());
    });
    await graphiql.loadGraphiql(page);
    await selectTab(page, 'Session');
    await selectTab(page, 'LiveNow');
    await expect.poll(() => page.locator('#budget').innerText()).toMatch(/upstream requests left/);
    expect(await run(page)).toHaveProperty('data');
    expect([asked, await costOf(page)]).toEqual([[], '']);
    await page.context().close();
  });
});
