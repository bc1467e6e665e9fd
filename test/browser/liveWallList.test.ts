import { expect, test } from 'vitest';

import { asArray, at } from '../support/gateway.ts';
import { control, execute, section, setUpLiveWall, startLivestream, STOP, waitForTiles } from './liveWallPage.ts';

const liveWall = setUpLiveWall();

test('the list of all livestreams says that it has changed elsewhere, and reads itself again on a click', async () => {
  const { program, open } = await liveWall.start();
  const page = await open();
  await waitForTiles(page);
  await page.getByRole('link', { name: 'All livestreams' }).click();
  await section(page, /^All livestreams 320/).waitFor();
  const news = page.getByRole('status').filter({ hasText: 'The list has changed.' });
  const readAgain = news.getByRole('button', { name: 'Read it again' });
  const started = page.getByRole('link', { name: 'Started elsewhere' });
  expect(await news.count()).toBe(0);

  await startLivestream(program, 'Started elsewhere');
  await news.waitFor();
  expect(await started.count()).toBe(0);
  await control(program, 'DELETE', '/requests');
  await readAgain.click();
  await section(page, /^All livestreams 321/).waitFor();
  await started.waitFor();
  expect(await news.count()).toBe(0);
  const requests = asArray(at(await control(program, 'GET', '/requests'), 'requests'));
  // The gateway polls with the largest pages there are; no list of the page is that long.
  expect(requests.filter((request) => at(request, 'query', 'per_page') !== '100')).toHaveLength(1);

  await page.getByRole('radio', { name: 'Live' }).check();
  await started.waitFor();
  const id = at(await control(program, 'GET', ''), 'exampleIds', 'emptyMeetingId');
  await execute(program, STOP, { id });
  await news.waitFor();
  await readAgain.click();
  await expect.poll(async () => started.count()).toBe(0);
  expect(await news.count()).toBe(0);
});
