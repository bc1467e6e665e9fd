import { expect, test } from 'vitest';

import { asArray, at } from '../support/gateway.ts';
import { control, section, setUpLiveWall, waitForTiles } from './liveWallPage.ts';
import type { Program } from './startProgram.ts';

const liveWall = setUpLiveWall();

const SESSION = '/livestreams/{livestream_id}/active-livestream-session';

/** How many requests the sandbox has received, by route; those of the subscription, which go on, apart. */
async function countRequests(program: Program): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const request of asArray(at(await control(program, 'GET', '/requests'), 'requests'))) {
    // The gateway polls with the largest pages there are; no list of the page is that long.
    const isPoll = at(request, 'query', 'per_page') === '100';
    const key = isPoll ? 'polling' : `${String(at(request, 'method'))} ${String(at(request, 'route'))}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

/** `countRequests`, without those of the subscription. */
async function costsOf(program: Program): Promise<Record<string, number>> {
  const { polling: _polling, ...rest } = await countRequests(program);
  return rest;
}

const sum = (counts: Record<string, number>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);

test('the live wall costs upstream what its documentation says', async () => {
  const { program, open } = await liveWall.start();
  const clear = async (): Promise<unknown> => control(program, 'DELETE', '/requests');
  const costs = async (): Promise<Record<string, number>> => costsOf(program);

  const page = await open();
  await waitForTiles(page);
  await section(page, /failures/).waitFor();
  const wall = { 'GET /livestreams': 3, [`GET ${SESSION}`]: 24, 'GET /livestreams/{livestream_id}': 6 };
  expect(await costs()).toEqual(wall);
  const { polling = 0 } = await countRequests(program);
  // Two lists at a time: of the livestreams that are live, and of those that are starting.
  expect(polling % 2).toBe(0);
  expect(polling).toBeGreaterThanOrEqual(2);

  await clear();
  await page.getByRole('link', { name: 'All livestreams' }).click();
  await section(page, /^All livestreams 320/).waitFor();
  expect(await costs()).toEqual({ 'GET /livestreams': 1 });

  await clear();
  await page.getByRole('button', { name: 'Start a livestream' }).click();
  await page.getByRole('dialog').getByRole('radio').first().waitFor();
  expect(await costs()).toEqual({ 'GET /meetings': 1 });

  const another = await open();
  await waitForTiles(another);
  await clear();
  await another.getByRole('article').getByRole('link').first().click();
  await another.getByRole('dialog').getByText('running').waitFor();
  expect(sum(await costs())).toBeLessThanOrEqual(4);

  await clear();
  const details = another.getByRole('dialog');
  await details.getByRole('button', { name: 'Stop livestream' }).click();
  await details.getByRole('button', { name: 'Stop now' }).click();
  await details.getByText('running').waitFor({ state: 'detached' });
  const { 'POST /meetings/{meeting_id}/active-livestream/stop': stops, ...reads } = await costs();
  expect(stops).toBe(1);
  expect(sum(reads)).toBeLessThanOrEqual(5);
});

test('the live wall reads viewer times again once a minute', async () => {
  const { program, open } = await liveWall.start({ FRESH_STATUS_MS: '1', FRESH_METERS_MS: '1' });
  const page = await open({ hasClock: true });
  await waitForTiles(page);
  await section(page, /failures/).waitFor();
  await control(program, 'DELETE', '/requests');
  await page.clock.fastForward(60_000);
  await expect.poll(async () => costsOf(program)).toEqual({ 'GET /livestreams': 2, [`GET ${SESSION}`]: 24 });
});
