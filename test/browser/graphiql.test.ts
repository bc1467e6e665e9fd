import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { editor, openGraphiql, openTab, playButton, result, run, startBrowser, tabs } from './page.ts';
import { type Program, startProgram } from './program.ts';

let browser: Browser;
let program: Program;

beforeAll(async () => {
  program = await startProgram();
  browser = await startBrowser();
});

afterAll(async () => {
  await browser?.close();
  await program?.stop();
});

test('a page that runs a query asks no other host for anything and complains of nothing', async () => {
  const { page, witness } = await openGraphiql(browser, program.origin);
  await run(page, 'LiveNow', () => playButton(page).click());
  await result(page).getByText('totalCount').waitFor();

  const own = new URL(program.origin).host;
  const foreign = witness.requests.filter((url) => new URL(url.replace(/^blob:/, '')).host !== own);
  expect(foreign.filter((url) => !url.startsWith('data:'))).toEqual([]);
  expect(witness.requests).toContain(`${program.origin}/graphql`);
  expect(witness.complaints).toEqual([]);
});

test('the examples stand in tabs that are named after their operations', async () => {
  const { page } = await openGraphiql(browser, program.origin);
  const names = ['LiveNow', 'MeetingWithLivestream', 'Livestream', 'Session', 'Start', 'Stop'];
  expect(await tabs(page).allInnerTexts()).toEqual(names);
});

test('Ctrl+Enter in the first tab shows what is live', async () => {
  const { page } = await openGraphiql(browser, program.origin);
  await editor(page).click();
  const answer = await run(page, 'LiveNow', () => page.keyboard.press('Control+Enter'));

  const id: unknown = expect.stringMatching(/^[A-Za-z0-9-]+$/);
  const live: unknown = expect.objectContaining({ id, activeSession: expect.objectContaining({ id }) });
  expect(answer).toMatchObject({ data: { livestreams: { nodes: expect.arrayContaining([live]) } } });
  expect(answer).not.toHaveProperty('errors');
  await result(page).getByText('playbackUrl').first().waitFor();
  await result(page).getByText('activeSession').first().waitFor();
});

test('every other tab runs as it is, its variables filled in', async () => {
  const { page } = await openGraphiql(browser, program.origin);
  const expected = {
    MeetingWithLivestream: { meeting: { activeLivestream: { status: 'LIVE' } } },
    Livestream: { livestream: { status: 'LIVE' } },
    Session: { livestreamSession: { livestream: { id: expect.any(String) } } },
    Start: { startLivestream: { livestream: { id: expect.any(String) }, userErrors: [] } },
    Stop: { stopLivestream: { livestream: { status: 'IDLE' }, userErrors: [] } },
  };
  for (const [operation, data] of Object.entries(expected)) {
    await openTab(page, operation);
    const answer = await run(page, operation, () => playButton(page).click());
    expect(answer, operation).toMatchObject({ data });
    expect(answer, operation).not.toHaveProperty('errors');
    await result(page)
      .getByText(Object.keys(data)[0] ?? '')
      .first()
      .waitFor();
  }
});

test("the page follows the system's light or dark", async () => {
  const brightness: Record<string, number> = {};
  for (const scheme of ['light', 'dark'] as const) {
    const { page, witness } = await openGraphiql(browser, program.origin, scheme);
    const color = await page
      .locator('.graphiql-container')
      .evaluate((container) => getComputedStyle(container).backgroundColor);
    brightness[scheme] = Math.max(...(color.match(/\d+/g) ?? []).slice(0, 3).map(Number));
    await run(page, 'LiveNow', () => playButton(page).click());
    await result(page).getByText('totalCount').waitFor();
    expect(witness.complaints, scheme).toEqual([]);
  }
  expect(brightness['light']).toBeGreaterThan(200);
  expect(brightness['dark']).toBeLessThan(100);
});

test('the documentation explorer shows the schema with its descriptions', async () => {
  const { page } = await openGraphiql(browser, program.origin);
  await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
  const explorer = page.locator('.graphiql-doc-explorer');
  await explorer.getByText('Query', { exact: true }).click();
  await explorer.getByText('livestreamSession', { exact: true }).waitFor();
  expect(await explorer.innerText()).toMatch(/livestreams\(/);
});
