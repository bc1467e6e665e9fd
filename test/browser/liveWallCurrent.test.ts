import type { WebSocketRoute } from 'playwright-core';
import { expect, test } from 'vitest';

import { at } from '../support/gateway.ts';
import { execute, findLiveOnWall, section, setUpLiveWall, STOP, tile, waitForTiles } from './liveWallPage.ts';

const liveWall = setUpLiveWall();

test('the live wall drops what ended while its subscription had failed, once it subscribes again', async () => {
  const { program, open } = await liveWall.start();
  const { meetingId, title } = await findLiveOnWall(program);
  const page = await open();
  let socket: WebSocketRoute | undefined;
  let subscriptionId: unknown;
  await page.routeWebSocket('**/graphql', (route) => {
    socket = route;
    const server = route.connectToServer();
    route.onMessage((message) => {
      const sent: unknown = JSON.parse(String(message));
      if (at(sent, 'type') === 'subscribe') subscriptionId = at(sent, 'id');
      server.send(message);
    });
  });
  await page.reload();
  await waitForTiles(page);

  const errors = [{ message: 'The gateway ended the subscription.', extensions: { code: 'INTERNAL_SERVER_ERROR' } }];
  socket?.send(JSON.stringify({ id: subscriptionId, type: 'error', payload: errors }));
  const notice = page.getByText('Changes do not arrive');
  await notice.waitFor();
  expect(await execute(program, STOP, { id: meetingId })).toHaveProperty('data.stopLivestream.userErrors', []);

  await page.getByRole('button', { name: 'Try again' }).click();
  await section(page, /^Live now 63/).waitFor();
  await expect.poll(async () => tile(page, title).count()).toBe(0);
  expect(await notice.count()).toBe(0);
});

test('the live wall shows the present durations at once after a view without times', async () => {
  const { open } = await liveWall.start();
  const page = await open({ hasClock: true });
  await waitForTiles(page);
  const duration = section(page, /^Live now/)
    .getByRole('article')
    .first()
    .locator('small');
  const before = await duration.innerText();
  await page.getByRole('link', { name: 'All livestreams' }).click();
  await page.getByText('Page 1 of 13').waitFor();
  await page.clock.fastForward('30:00:00');
  await page.getByRole('link', { name: 'Wall', exact: true }).click();
  await waitForTiles(page);
  expect(before).not.toContain('d');
  expect(await duration.innerText()).toMatch(/^1 d/);
});

test('the live wall shows the end of the session once a livestream is stopped', async () => {
  const { program, open } = await liveWall.start();
  const { title } = await findLiveOnWall(program);
  const page = await open();
  await waitForTiles(page);
  await tile(page, title).getByRole('link').click();
  const details = page.getByRole('dialog', { name: title });
  await details.getByText('running').waitFor();
  await details.getByRole('button', { name: 'Stop livestream' }).click();
  await details.getByRole('button', { name: 'Stop now' }).click();
  await details.getByText('The livestream has ended.').waitFor();
  await expect.poll(async () => details.getByText('running').count()).toBe(0);
  expect(await details.getByText(/\d\d:\d\d – \d\d:\d\d/).count()).toBe(1);
});
