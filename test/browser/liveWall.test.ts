import { describe, expect, test } from 'vitest';

import { asArray, at } from '../support/gateway.ts';
import {
  chooseMeeting,
  control,
  execute,
  findLiveOnWall,
  titleOf,
  section,
  setUpLiveWall,
  startLivestream,
  STOP,
  tile,
  waitForTiles,
} from './liveWallPage.ts';
import { startProgram } from './startProgram.ts';

const liveWall = setUpLiveWall();

const LIVE_NOW = /^Live now/;

const ACTIVE =
  'query ($status: LivestreamStatus!) { livestreams(first: 100, filter: { status: $status }) { nodes { id } } }';

describe('the live wall', () => {
  test('shows a livestream from its start over video and playback to its stop, without a reload', async () => {
    const { program, open } = await liveWall.start();
    await control(program, 'PUT', '/settings', { goLiveAfterMs: 1500, playbackUrlDelayMs: 4500 });
    const title = await titleOf(program, 'idleMeetingId');
    const page = await open();
    await waitForTiles(page);
    await page.evaluate('window.isSamePage = true');

    const dialog = await chooseMeeting(page, title);
    await dialog.getByLabel('Name').fill('Product launch');
    await dialog.getByRole('button', { name: 'Start livestream' }).click();

    const details = page.getByRole('dialog', { name: 'Product launch' });
    await details.getByText('Starting', { exact: true }).waitFor();
    await details.getByText('Waiting for video', { exact: false }).waitFor();
    await details.getByText('Live', { exact: true }).waitFor();
    await details.getByText('Waiting for playback').waitFor();
    await details.getByText('Ready to watch').waitFor();
    await details.getByText('The video does not play yet').waitFor();
    await details.getByText('running').waitFor();

    await page.keyboard.press('Escape');
    const first = section(page, LIVE_NOW).getByRole('article').first();
    await expect.poll(async () => first.innerText()).toMatch(/Product launch\s+Live since\s+\d\d:\d\d[^]*Viewer time/);
    await section(page, /^Live now 65/).waitFor();

    await tile(page, 'Product launch').getByRole('link').click();
    await details.getByRole('button', { name: 'Stop livestream' }).click();
    await details.getByRole('button', { name: 'Stop now' }).click();
    await details.getByText('The livestream has ended.').waitFor();
    await page.keyboard.press('Escape');
    await section(page, /^Live now 64/).waitFor();
    await expect.poll(async () => tile(page, 'Product launch').count()).toBe(0);
    expect(await page.evaluate('window.isSamePage')).toBe(true);
  });

  test('moves a livestream that fails to the failures, with the reason', async () => {
    const { program, open } = await liveWall.start();
    const { id: livestreamId } = await findLiveOnWall(program);
    const page = await open();
    await waitForTiles(page);

    await control(program, 'POST', '/events', {
      kind: 'livestream-failed',
      livestreamId,
      message: 'The encoder caught fire',
    });
    await section(page, /failures/)
      .getByText('The encoder caught fire')
      .waitFor();
    await section(page, /^Live now 63/).waitFor();
    await expect
      .poll(async () => page.getByRole('status').allInnerTexts())
      .toContainEqual(expect.stringMatching(/has failed\.$/));
  });

  test('says that nothing is live when the last livestream has ended, and shows the next one', async () => {
    const { program, open } = await liveWall.start();
    for (const status of ['LIVE', 'INVOKED']) {
      const nodes = asArray(at(await execute(program, ACTIVE, { status }), 'data', 'livestreams', 'nodes'));
      for (const node of nodes)
        await control(program, 'POST', '/events', { kind: 'livestream-failed', livestreamId: at(node, 'id') });
    }
    const page = await open();
    await page.getByText('Nothing is live right now').waitFor();

    await startLivestream(program, 'Back again');
    await tile(page, 'Back again').getByText('Viewer time').waitFor();
    await expect
      .poll(async () =>
        section(page, /^Live now 1$/)
          .getByRole('article')
          .count(),
      )
      .toBe(1);
  });

  test('pages through the wall, and through all livestreams', async () => {
    const { program, open } = await liveWall.start();
    const page = await open();
    await waitForTiles(page);
    const names = async (): Promise<string[]> =>
      section(page, LIVE_NOW).getByRole('heading', { level: 3 }).allInnerTexts();
    const firstPage = await names();
    expect(firstPage).toHaveLength(24);
    // A second press while the page is loading does not count.
    await page.getByRole('button', { name: 'Next' }).evaluate(async (next: HTMLElement) => {
      next.click();
      await new Promise((resolve) => setTimeout(resolve, 0));
      next.click();
    });
    await page.getByText('Page 2 of 3').waitFor();
    await expect.poll(names).not.toEqual(firstPage);
    const secondPage = await names();
    expect(new Set([...firstPage, ...secondPage]).size).toBeGreaterThan(40);

    // The newest livestream belongs to the first page.
    await startLivestream(program, 'On page one');
    await section(page, /^Live now 65/).waitFor();
    expect(await names()).toEqual(secondPage);
    await page.getByRole('button', { name: 'Previous' }).click();
    await expect.poll(async () => (await names())[0]).toBe('On page one');

    await page.getByRole('link', { name: 'All livestreams' }).click();
    const list = section(page, /^All livestreams 321/);
    const seen = new Set<string>();
    for (let number = 1; number <= 13; number += 1) {
      await list.getByText(`Page ${number} of 13`).waitFor();
      const ready = list.locator('.rows[aria-busy="false"]');
      await ready.waitFor();
      for (const link of await ready.getByRole('link').all()) seen.add((await link.getAttribute('href')) ?? '');
      if (number < 13) await list.getByRole('button', { name: 'Next' }).click();
    }
    expect(seen.size).toBe(321);
    expect(await list.getByRole('button', { name: 'Next' }).isDisabled()).toBe(true);
  });

  test('says that the connection is lost, reconnects by itself, and shows what has changed meanwhile', async () => {
    const { program, open, useGateway } = await liveWall.start();
    const page = await open();
    await waitForTiles(page);
    const { meetingId, title } = await findLiveOnWall(program);
    const successor = await startProgram({ LOG_LEVEL: 'error' });
    liveWall.cleanUp(successor.end);
    expect(await execute(successor, STOP, { id: meetingId })).toHaveProperty('data.stopLivestream.userErrors', []);

    useGateway(null);
    await page.getByText('Connection lost, reconnecting…').waitFor();
    await expect.poll(async () => tile(page, title).count()).toBe(1);

    useGateway(successor.address);
    await page.getByRole('button', { name: 'Now', exact: true }).click();
    await page.getByText('Connected', { exact: true }).waitFor();
    await section(page, /^Live now 63/).waitFor();
    await expect.poll(async () => tile(page, title).count()).toBe(0);
  });

  test('says when the browser is offline, and goes on when it is online again', async () => {
    const { open } = await liveWall.start();
    const page = await open();
    await waitForTiles(page);
    await page.context().setOffline(true);
    await page.getByText('You are offline').waitFor();
    expect(await page.getByRole('article').count()).toBeGreaterThan(24);
    await page.context().setOffline(false);
    await page.getByText('Connected', { exact: true }).waitFor();
    await waitForTiles(page);
  });
});
