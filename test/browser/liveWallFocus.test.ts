import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';

import {
  chooseMeeting,
  control,
  findLiveOnWall,
  section,
  setUpLiveWall,
  tile,
  titleOf,
  waitForTiles,
} from './liveWallPage.ts';

const liveWall = setUpLiveWall();

/** The element that has the focus, such as `MAIN`, or `DIV` in a dialog; `BODY` if none has it. */
const focusedElement = async (page: Page): Promise<unknown> => page.evaluate('document.activeElement.tagName');

describe('the focus of the live wall does not get lost', () => {
  test('when a button that reads again goes away with its error', async () => {
    const { program, open, useGateway } = await liveWall.start();
    useGateway(null);
    const page = await open();
    const retry = page.getByRole('alert').first().getByRole('button', { name: 'Try again' });
    await retry.waitFor();
    useGateway(program.address);
    await retry.press('Enter');
    await section(page, /^Live now 64/).waitFor();
    expect(await focusedElement(page)).toBe('MAIN');
  });

  test('when a start fails, and when its error is confirmed', async () => {
    const { program, open } = await liveWall.start();
    await control(program, 'PUT', '/faults', [{ kind: 'status', status: 400, method: 'POST' }]);
    const page = await open();
    const dialog = await chooseMeeting(page, await titleOf(program, 'emptyMeetingId'));
    await dialog.getByRole('button', { name: 'Start livestream' }).press('Enter');
    const confirm = dialog.getByRole('alert').getByRole('button', { name: 'OK' });
    await confirm.waitFor();
    expect(await focusedElement(page)).toBe('DIV');
    await confirm.press('Enter');
    await confirm.waitFor({ state: 'detached' });
    expect(await focusedElement(page)).toBe('DIV');
  });

  test('when a livestream is stopped', async () => {
    const { program, open } = await liveWall.start();
    const { title } = await findLiveOnWall(program);
    const page = await open();
    await waitForTiles(page);
    await tile(page, title).getByRole('link').click();
    const details = page.getByRole('dialog', { name: title });
    await details.getByRole('button', { name: 'Stop livestream' }).press('Enter');
    await details.getByRole('button', { name: 'Stop now' }).press('Enter');
    await details.getByText('The livestream has ended.').waitFor();
    expect(await focusedElement(page)).toBe('DIV');
  });

  test('at the first and the last page', async () => {
    const { open } = await liveWall.start();
    const page = await open();
    await waitForTiles(page);
    const next = page.getByRole('button', { name: 'Next' });
    await next.press('Enter');
    await page.getByText('Page 2 of 3').waitFor();
    await expect.poll(async () => next.isDisabled()).toBe(false);
    await next.press('Enter');
    await page.getByText('Page 3 of 3').waitFor();
    await expect.poll(async () => next.isDisabled()).toBe(true);
    expect(await focusedElement(page)).toBe('BUTTON');
    await page.keyboard.press('Enter');
    expect(await page.getByText('Page 3 of 3').count()).toBe(1);

    const previous = page.getByRole('button', { name: 'Previous' });
    await previous.press('Enter');
    await page.getByText('Page 2 of 3').waitFor();
    await previous.press('Enter');
    await page.getByText('Page 1 of 3').waitFor();
    expect(await previous.isDisabled()).toBe(true);
    expect(await focusedElement(page)).toBe('BUTTON');
  });
});
