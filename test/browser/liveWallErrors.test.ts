import { describe, expect, test } from 'vitest';

import {
  chooseMeeting,
  control,
  execute,
  findLiveOnWall,
  section,
  setUpLiveWall,
  STOP,
  tile,
  titleOf,
  waitForTiles,
} from './liveWallPage.ts';

const liveWall = setUpLiveWall();

const START_ROUTE = '/meetings/{meeting_id}/livestreams';
const ACTIVE_ROUTE = '/meetings/{meeting_id}/active-livestream';
const SESSION_ROUTE = '/livestreams/{livestream_id}/active-livestream-session';

describe('the live wall', () => {
  test('keeps the tile of a livestream whose session cannot be read, says why, and reads the session again', async () => {
    const { program, open } = await liveWall.start();
    await control(program, 'PUT', '/faults', [{ kind: 'not-json', route: SESSION_ROUTE, times: 1 }]);
    const page = await open();
    await waitForTiles(page);
    const broken = page.getByRole('article').filter({ hasText: 'Viewer time is missing' });
    await broken.getByText('UPSTREAM_INVALID_RESPONSE').waitFor();
    expect(await broken.count()).toBe(1);
    expect(
      await section(page, /^Live now/)
        .getByText('Live since')
        .count(),
    ).toBe(23);

    await broken.getByRole('button', { name: 'Try again' }).click();
    await expect
      .poll(async () =>
        section(page, /^Live now/)
          .getByText('Live since')
          .count(),
      )
      .toBe(24);
    expect(await broken.count()).toBe(0);
  });

  test('counts down while the request budget is used up, and recovers by itself', async () => {
    const { program, open } = await liveWall.start();
    await control(program, 'PUT', '/faults', [{ kind: 'status', status: 429, retryAfterSeconds: 6 }]);
    const page = await open();
    const notice = page.getByRole('alert').filter({ hasText: 'RATE_LIMITED' }).first();
    await notice.getByText('Waiting for the request budget').waitFor();
    await notice.getByText(/Trying again in \d s$/).waitFor();
    await page.getByText('Changes do not arrive').waitFor();
    await control(program, 'PUT', '/faults', []);
    await waitForTiles(page);
    await section(page, /^Live now 64/).waitFor();
    await expect.poll(async () => page.getByText('RATE_LIMITED').count()).toBe(0);
    // Changes arrive again, too.
    const { meetingId } = await findLiveOnWall(program);
    await execute(program, STOP, { id: meetingId });
    await section(page, /^Live now 63/).waitFor();
  });

  test('leads from a CONFLICT to the livestream that the meeting has', async () => {
    const { program, open } = await liveWall.start();
    const { title } = await findLiveOnWall(program);
    const page = await open();
    await waitForTiles(page);
    const dialog = await chooseMeeting(page, title);
    await dialog.getByRole('button', { name: 'Start livestream' }).click();
    const notice = dialog.getByRole('alert');
    await notice.getByText('This meeting is live already').waitFor();
    await notice.getByText('CONFLICT').waitFor();
    await notice.getByRole('button', { name: 'Show its livestream' }).click();
    await notice.getByRole('link', { name: title }).click();
    await page.getByRole('dialog', { name: title }).getByText('Ready to watch').waitFor();
    expect(await dialog.count()).toBe(0);
  });

  test('says that the meeting does not exist when a start finds none', async () => {
    const { program, open } = await liveWall.start();
    const page = await open();
    await waitForTiles(page);
    await control(program, 'PUT', '/faults', [{ kind: 'status', status: 404, method: 'POST', route: START_ROUTE }]);
    const dialog = await chooseMeeting(page, await titleOf(program, 'idleMeetingId'));
    await dialog.getByRole('button', { name: 'Start livestream' }).click();
    const notice = dialog.getByRole('alert');
    await notice.getByText('This meeting does not exist').waitFor();
    await notice.getByText('NOT_FOUND').waitFor();
    expect(await notice.getByText('There is nothing to stop').count()).toBe(0);
  });

  test('offers to check the meeting, not to try again, when the outcome of a start is unknown', async () => {
    const { program, open } = await liveWall.start();
    const title = await titleOf(program, 'idleMeetingId');
    const page = await open();
    await waitForTiles(page);
    await control(program, 'PUT', '/faults', [
      { kind: 'reset', method: 'POST', route: START_ROUTE, after: true, times: 1 },
      { kind: 'status', status: 503, route: ACTIVE_ROUTE },
    ]);
    const dialog = await chooseMeeting(page, title);
    await dialog.getByLabel('Name').fill('Did it start?');
    await dialog.getByRole('button', { name: 'Start livestream' }).click();
    const notice = dialog.getByRole('alert');
    await notice.getByText('OUTCOME_UNKNOWN').waitFor();
    expect(await dialog.getByRole('button', { name: 'Start livestream' }).isDisabled()).toBe(true);

    await control(program, 'PUT', '/faults', []);
    await notice.getByRole('button', { name: 'Check the meeting' }).click();
    await notice.getByRole('link', { name: 'Did it start?' }).click();
    await page.getByRole('dialog', { name: 'Did it start?' }).getByText('Started').waitFor();
  });

  test('puts a livestream back on the wall when it could not be stopped', async () => {
    const { program, open } = await liveWall.start();
    const { title } = await findLiveOnWall(program);
    const page = await open();
    await waitForTiles(page);
    await control(program, 'PUT', '/faults', [{ kind: 'status', status: 403, code: 10000, method: 'POST' }]);
    await tile(page, title).getByRole('link').click();
    const details = page.getByRole('dialog', { name: title });
    await details.getByRole('button', { name: 'Stop livestream' }).click();
    await details.getByRole('button', { name: 'Stop now' }).click();
    await details.getByRole('alert').getByText('The livestream was not stopped.').waitFor();
    await details.getByText('Live', { exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(async () => tile(page, title).innerText()).toMatch(/^Live\n/);
  });

  test('says that the gateway does not answer, and loads once it does', async () => {
    const { program, open, useGateway } = await liveWall.start();
    useGateway(null);
    const page = await open();
    await page.getByRole('alert').first().getByText('The gateway does not answer').waitFor();
    useGateway(program.address);
    await page.getByRole('button', { name: 'Try again' }).first().click();
    await waitForTiles(page);
    await expect
      .poll(async () =>
        section(page, /^Live now 64/)
          .getByRole('article')
          .count(),
      )
      .toBe(24);
  });
});
