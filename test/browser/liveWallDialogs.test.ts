import { describe, expect, test } from 'vitest';

import { chooseMeeting, control, findLiveOnWall, setUpLiveWall, tile, titleOf, waitForTiles } from './liveWallPage.ts';

const liveWall = setUpLiveWall();

describe('the dialog that starts a livestream', () => {
  test('starts nothing in a meeting that is out of sight: a new search removes the selection', async () => {
    const { program, open } = await liveWall.start();
    const page = await open();
    await waitForTiles(page);
    const dialog = await chooseMeeting(page, await titleOf(program, 'emptyMeetingId'));
    const start = dialog.getByRole('button', { name: 'Start livestream' });
    expect(await start.isEnabled()).toBe(true);
    await dialog.getByLabel('Find a meeting').fill('no meeting has this title');
    expect(await start.isDisabled()).toBe(true);
    await dialog.getByText('No meeting has such a title.').waitFor();
    expect(await start.isDisabled()).toBe(true);
  });

  test('keeps the meeting while its start is on the way, so that the outcome is shown', async () => {
    const { program, open } = await liveWall.start();
    const page = await open();
    await waitForTiles(page);
    await control(program, 'PUT', '/faults', [{ kind: 'status', status: 403, code: 10000, method: 'POST' }]);
    const answer = Promise.withResolvers<void>();
    await page.route('**/graphql', async (route) => {
      if (route.request().postData()?.includes('mutation') === true) await answer.promise;
      await route.continue();
    });
    await page.getByRole('button', { name: 'Start a livestream' }).click();
    const dialog = page.getByRole('dialog', { name: 'Start a livestream' });
    const meetings = dialog.getByRole('radio');
    await meetings.first().check();
    await dialog.getByRole('button', { name: 'Start livestream' }).click();
    await dialog.getByText('Starting…').waitFor();
    await meetings.nth(1).click();
    expect(await meetings.first().isChecked()).toBe(true);
    answer.resolve();
    await dialog.getByRole('alert').getByText('No livestream was started.').waitFor();
  });

  test('stays open when a mouse that selects text ends outside of it, and closes on a click there', async () => {
    const { open } = await liveWall.start();
    const page = await open();
    await page.getByRole('button', { name: 'Start a livestream' }).first().click();
    const dialog = page.getByRole('dialog', { name: 'Start a livestream' });
    await dialog.getByLabel('Find a meeting').fill('a title');
    await dialog.getByLabel('Find a meeting').hover();
    await page.mouse.down();
    await page.mouse.move(5, 5);
    await page.mouse.up();
    expect(await dialog.getByLabel('Find a meeting').inputValue()).toBe('a title');
    await page.mouse.click(5, 5);
    await dialog.waitFor({ state: 'detached' });
  });
});

test('the details of a livestream stay when the player cannot be loaded', async () => {
  const { program, open } = await liveWall.start();
  const { title } = await findLiveOnWall(program);
  const page = await open();
  await page.route('**/Player-*.js', async (route) => route.abort());
  await waitForTiles(page);
  await tile(page, title).getByRole('link').click();
  const details = page.getByRole('dialog', { name: title });
  await details.getByText('The player could not be loaded').waitFor();
  await details.getByText('running').waitFor();
  expect(await details.getByRole('button', { name: 'Stop livestream' }).isEnabled()).toBe(true);
});
