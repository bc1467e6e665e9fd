import { readFileSync } from 'node:fs';
import path from 'node:path';

import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';

import { asArray, at } from '../support/gateway.ts';
import { control, findLiveOnWall, section, setUpLiveWall, tile, titleOf, waitForTiles } from './liveWallPage.ts';

const liveWall = setUpLiveWall();

const AXE = readFileSync(
  path.join(import.meta.dirname, '../../examples/live-wall/node_modules/axe-core/axe.min.js'),
  'utf8',
);

/** The rules that the page violates, each with the elements that do. */
async function violations(page: Page): Promise<unknown[]> {
  await page.evaluate(AXE);
  // Colors are measured at the end of a transition.
  await page
    .evaluate('Promise.all(document.getAnimations().map((each) => each.finish?.call(each)).filter(Boolean))')
    .catch(() => {});
  const result = await page.evaluate('axe.run()');
  return asArray(at(result, 'violations')).map((violation) => ({
    rule: at(violation, 'id'),
    elements: asArray(at(violation, 'nodes')).map((node) => at(node, 'html')),
  }));
}

const scrollsSideways = async (page: Page): Promise<boolean> =>
  Boolean(
    await page.evaluate(
      'document.documentElement.scrollWidth > innerWidth || document.querySelector("dialog")?.scrollWidth > innerWidth',
    ),
  );

describe.each(['light', 'dark'] as const)('the live wall in the %s color scheme', (colorScheme) => {
  test('has no violation that axe finds, on the wall, in all livestreams, in the details and in the dialog', async () => {
    const { program, open } = await liveWall.start();
    await control(program, 'PUT', '/faults', [
      { kind: 'not-json', route: '/livestreams/{livestream_id}/active-livestream-session', times: 1 },
    ]);
    const page = await open({ colorScheme, reducedMotion: 'reduce' });
    await waitForTiles(page);
    await section(page, /failures/).waitFor();
    expect(await violations(page)).toEqual([]);

    await page.getByRole('article').getByRole('link').last().click();
    await page.getByRole('dialog').getByText('running').waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Stop livestream' }).click();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');

    await page.getByRole('button', { name: 'Start a livestream' }).click();
    await page.getByRole('radio').first().waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');

    await page.getByRole('link', { name: 'All livestreams' }).click();
    await page.getByText('Page 1 of 13').waitFor();
    expect(await violations(page)).toEqual([]);
  });

  test('has no violation that axe finds while it loads, and while it waits for the request budget', async () => {
    const { program, open } = await liveWall.start();
    await control(program, 'PUT', '/settings', { latencyMs: 5000 });
    const page = await open({ colorScheme, reducedMotion: 'reduce' });
    await page.getByText('Loading livestreams…').waitFor();
    expect(await violations(page)).toEqual([]);
    await control(program, 'PUT', '/faults', [{ kind: 'status', status: 429, retryAfterSeconds: 60 }]);
    await control(program, 'PUT', '/settings', { latencyMs: 0 });
    await page.reload();
    await page.getByText('RATE_LIMITED').first().waitFor();
    expect(await violations(page)).toEqual([]);
  });

  test('has no violation that axe finds if it could read nothing because the request budget was used up', async () => {
    const { program, open } = await liveWall.start();
    await control(program, 'PUT', '/faults', [{ kind: 'status', status: 429, retryAfterSeconds: 60 }]);
    const page = await open({ colorScheme, reducedMotion: 'reduce' });
    await page.getByRole('heading', { name: 'Waiting for the request budget' }).first().waitFor();
    expect(await violations(page)).toEqual([]);
  });
});

describe('the live wall', () => {
  test('is as wide as a phone of 390 pixels, even with a long name', async () => {
    const { program, open } = await liveWall.start();
    const { id: livestreamId } = await findLiveOnWall(program);
    const name = `Donaudampfschifffahrts${'elektrizitätenhauptbetriebswerkbau'.repeat(6)}`;
    await control(program, 'POST', '/events', { kind: 'livestream-renamed', livestreamId, name });
    const page = await open({ viewport: { width: 390, height: 844 }, hasTouch: true });
    await waitForTiles(page);
    expect(await scrollsSideways(page)).toBe(false);
    await tile(page, name).getByRole('link').click();
    await page.getByRole('dialog', { name }).getByText('running').waitFor();
    expect(await scrollsSideways(page)).toBe(false);
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('button', { name: 'Start a livestream' }).click();
    await page.getByRole('radio').first().waitFor();
    expect(await scrollsSideways(page)).toBe(false);
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('link', { name: 'All livestreams' }).click();
    await page.getByText('Page 1 of 13').waitFor();
    expect(await scrollsSideways(page)).toBe(false);
  });

  test('can be used with the keyboard alone', async () => {
    const { program, open } = await liveWall.start();
    const title = await titleOf(program, 'emptyMeetingId');
    const page = await open();
    await waitForTiles(page);
    const { keyboard } = page;
    const focused = async (): Promise<string> =>
      String(
        await page.evaluate(
          'document.activeElement === document.body ? "" : document.activeElement.textContent.trim()',
        ),
      );
    const tabTo = async (text: string | RegExp): Promise<void> => {
      for (let presses = 0; presses < 40; presses += 1) {
        await keyboard.press('Tab');
        if ((await focused()).match(text) !== null) return;
      }
      throw new Error(`Tab does not reach ${text}.`);
    };

    await tabTo('Start a livestream');
    await keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Start a livestream' }).waitFor();
    await keyboard.press('Escape');
    expect(await focused()).toBe('Start a livestream');

    const name = await page.getByRole('article').getByRole('link').first().innerText();
    await tabTo(name);
    await keyboard.press('Enter');
    await page.getByRole('dialog', { name }).getByText('running').waitFor();
    await page.getByText('The video does not play yet').waitFor();
    await tabTo('Stop livestream');
    await keyboard.press('Enter');
    await expect.poll(focused).toBe('Stop now');
    await tabTo('Keep it live');
    await keyboard.press('Enter');
    await keyboard.press('Escape');
    await expect.poll(focused).toBe(name);

    await page.keyboard.press('Shift+Tab');
    expect(await focused()).toBe('Start a livestream');
    await keyboard.press('Enter');
    await keyboard.type(title);
    await page.getByRole('radio', { name: title }).first().waitFor();
    await expect.poll(async () => page.getByRole('radio').count()).toBeLessThan(8);
    await keyboard.press('Tab');
    await keyboard.press('Space');
    await keyboard.press('Tab');
    await keyboard.type('From the keyboard');
    await keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'From the keyboard' }).getByText('Started').waitFor();
  });
});
