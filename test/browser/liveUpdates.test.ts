import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { allBlocks } from '../docs/markdown.ts';
import { pressUntil, run, selectTab } from './graphiqlPage.ts';
import { CHROMIUM, type Program, startProgram } from './startProgram.ts';

const SETTINGS_REQUEST = /-X PUT http:\/\/127\.0\.0\.1:4001(\/__sandbox\/settings) -d '([^']+)'/;

let program: Program;
let browser: Browser;

beforeAll(async () => {
  [program, browser] = await Promise.all([startProgram(), chromium.launch(CHROMIUM)]);
});

afterAll(async () => {
  await Promise.all([browser.close(), program.end()]);
});

/** Resets the sandbox and delays the playback URL, with the settings that docs/live-updates.md names. */
async function prepareSandbox(): Promise<void> {
  const commands = allBlocks('sh server').find(({ code }) => SETTINGS_REQUEST.test(code))?.code ?? '';
  const [, path = '', body = ''] = SETTINGS_REQUEST.exec(commands) ?? [];
  expect(JSON.parse(body)).toHaveProperty('playbackUrlDelayMs');
  await fetch(`${program.sandbox}/__sandbox/reset`, { method: 'POST' });
  const response = await fetch(`${program.sandbox}${path}`, { method: 'PUT', body });
  expect(response.status).toBe(200);
}

/** Opens GraphiQL in a window of its own. */
async function openWindow(): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1400, height: 850 } });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  await page.goto(program.address);
  await page.locator('.graphiql-execute-button').waitFor();
  return page;
}

test('one GraphiQL window watches the livestream that another one starts and stops', async () => {
  await prepareSandbox();
  const [first, second] = await Promise.all([openWindow(), openWindow()]);
  const shows = async (state: RegExp): Promise<void> =>
    expect.poll(() => first.locator('.graphiql-response').innerText(), { timeout: 15_000 }).toMatch(state);
  await selectTab(first, 'Watch');
  await pressUntil(first, /^Stop/);

  await selectTab(second, 'Start');
  expect(await run(second)).toHaveProperty('data.startLivestream.userErrors', []);
  await shows(/"status":\s*"INVOKED",\s*"playbackUrl":\s*null/);
  await shows(/"status":\s*"LIVE"/);
  await shows(/"status":\s*"LIVE",\s*"playbackUrl":\s*"https:/);

  await selectTab(second, 'Stop');
  expect(await run(second)).toHaveProperty('data.stopLivestream.userErrors', []);
  await shows(/"status":\s*"IDLE"/);
  await Promise.all([first.context().close(), second.context().close()]);
});
