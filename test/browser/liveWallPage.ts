import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';

import { asArray, at } from '../support/gateway.ts';
import { type LiveWallServer, serveLiveWall } from './liveWallServer.ts';
import { CHROMIUM, type Program, startProgram } from './startProgram.ts';

/** A gateway with its sandbox, and the page before them. */
export interface LiveWall extends LiveWallServer {
  program: Program;
  /** Opens the page in a window of its own, with a clock that can be moved forward if `hasClock`. */
  open: (options?: BrowserContextOptions & { hasClock?: boolean }) => Promise<Page>;
}

/** Starts a browser for all tests of a file. */
export function setUpLiveWall() {
  let browser: Browser;
  const cleanups: (() => Promise<unknown>)[] = [];
  /** What no code of the page has caught, rejected promises among them. */
  const uncaughtErrors: Error[] = [];

  beforeAll(async () => {
    browser = await chromium.launch(CHROMIUM);
  });

  afterEach(async () => {
    for (const cleanUp of cleanups.splice(0).toReversed()) await cleanUp();
    expect(uncaughtErrors.splice(0)).toEqual([]);
  });

  afterAll(async () => browser.close());

  return {
    /** Starts a gateway of its own for a test, so that nothing is cached, and serves the page. */
    async start(settings: Record<string, string> = {}): Promise<LiveWall> {
      const [server, program] = await Promise.all([serveLiveWall(), startProgram({ LOG_LEVEL: 'error', ...settings })]);
      cleanups.push(async () => {
        server.close();
        await program.end();
      });
      server.useGateway(program.address);
      return {
        ...server,
        program,
        async open({ hasClock = false, ...options } = {}) {
          const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
          context.setDefaultTimeout(20_000);
          // The sandbox's playback URLs lead nowhere. Without this, a machine with a network would ask for them.
          await context.route('https://**', async (route) => route.abort());
          cleanups.push(async () => context.close());
          const page = await context.newPage();
          page.on('pageerror', (error) => uncaughtErrors.push(error));
          if (hasClock) await page.clock.install();
          await page.goto(server.origin);
          return page;
        },
      };
    },
    /** Ends what a test has started besides. */
    cleanUp: (action: () => Promise<unknown>) => void cleanups.push(action),
  };
}

/** Sends a request to the control API of the sandbox, and returns its response. */
export async function control(program: Program, method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${program.sandbox}/__sandbox${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

/** Runs an operation beside the page, as another client. */
export async function execute(program: Program, query: string, variables: object = {}): Promise<unknown> {
  const response = await fetch(program.address, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  return response.json();
}

/** Starts a livestream that is live at once, in a meeting that has none. */
export async function startLivestream(program: Program, name: string): Promise<void> {
  await control(program, 'PUT', '/settings', { goLiveAfterMs: 0 });
  const input = { meetingId: at(await control(program, 'GET', ''), 'exampleIds', 'emptyMeetingId'), name };
  const start = 'mutation ($input: StartLivestreamInput!) { startLivestream(input: $input) { userErrors { code } } }';
  await execute(program, start, { input });
}

/** Stops the livestream of the meeting `id`. */
export const STOP = 'mutation ($id: ID!) { stopLivestream(input: { meetingId: $id }) { userErrors { code } } }';

/** A livestream of a meeting on the first page of the wall. */
export async function findLiveOnWall(program: Program): Promise<{ id: string; meetingId: string; title: string }> {
  const query = '{ livestreams(first: 10, filter: { status: LIVE }) { nodes { id name meeting { id } } } }';
  const nodes = asArray(at(await execute(program, query), 'data', 'livestreams', 'nodes'));
  const node = nodes.find((each) => at(each, 'meeting') !== null);
  return { id: String(at(node, 'id')), meetingId: String(at(node, 'meeting', 'id')), title: String(at(node, 'name')) };
}

/** The title of a meeting of the sandbox, by its name among the example ids. */
export async function titleOf(program: Program, example: string): Promise<string> {
  const id = at(await control(program, 'GET', ''), 'exampleIds', example);
  const response = await execute(program, 'query ($id: ID!) { meeting(id: $id) { title } }', { id });
  return String(at(response, 'data', 'meeting', 'title'));
}

/** The section of the wall with this heading, such as "Live now 64". */
export function section(page: Page, name: RegExp): Locator {
  return page.getByRole('region', { name });
}

/** The tile of the livestream with this name. */
export function tile(page: Page, name: string): Locator {
  return page.getByRole('article').filter({ has: page.getByRole('link', { name, exact: true }) });
}

/** Waits until the wall shows its tiles, with the sessions of all that are live. */
export async function waitForTiles(page: Page): Promise<void> {
  await page.getByText('Connected', { exact: true }).waitFor();
  await section(page, /^Live now/)
    .getByText('Viewer time')
    .first()
    .waitFor();
}

/** Opens the dialog that starts a livestream, and chooses the meeting with this title. */
export async function chooseMeeting(page: Page, title: string): Promise<Locator> {
  await page.getByRole('button', { name: 'Start a livestream' }).click();
  const dialog = page.getByRole('dialog', { name: 'Start a livestream' });
  await dialog.getByLabel('Find a meeting').fill(title);
  await dialog.getByRole('radio', { name: title }).first().check();
  return dialog;
}
