import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';

import { allBlocks } from '../docs/markdown.ts';
import { pressUntil, run, selectTab, setUpGraphiql } from './graphiqlPage.ts';

const SETTINGS_REQUEST = /-X PUT http:\/\/127\.0\.0\.1:4001(\/__sandbox\/settings) -d '([^']+)'/;

const graphiql = setUpGraphiql();

/** Resets the sandbox and delays the playback URL, with the settings that docs/live-updates.md names. */
async function prepareSandbox(): Promise<void> {
  const commands = allBlocks('sh server').find(({ code }) => SETTINGS_REQUEST.test(code))?.code ?? '';
  const [, path = '', body = ''] = SETTINGS_REQUEST.exec(commands) ?? [];
  expect(JSON.parse(body)).toHaveProperty('playbackUrlDelayMs');
  await fetch(`${graphiql.sandbox()}/__sandbox/reset`, { method: 'POST' });
  const response = await fetch(`${graphiql.sandbox()}${path}`, { method: 'PUT', body });
  expect(response.status).toBe(200);
}

/** Opens GraphiQL in a window of its own. */
async function openWindow(): Promise<Page> {
  const page = await graphiql.newPage();
  await graphiql.loadGraphiql(page);
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
