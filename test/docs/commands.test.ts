import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { freePort } from '../support/ports.ts';
import { PROGRAMS } from '../support/programs.ts';
import { allBlocks, type Block, blocksOf, PAGES, readText, ROOT } from './markdown.ts';

const run = promisify(execFile);

/** Commands that this test does not run: they run the tests, reach the internet, or change the published schema. */
const NOT_RUN = [
  'npm ci && npm start',
  'npm ci && npm test',
  'npm ci\nnpm run dev',
  'npm run schema:publish',
  'export CLOUDFLARE_ACCOUNT_ID=',
];

/** Shell blocks by page, in order. `sh server` runs until it is stopped; `sh docker` and `sh external` need what a test has not. */
const pages = PAGES.map((page) => ({
  page,
  blocks: blocksOf(page).filter(
    ({ kind, code }) => ['sh', 'sh server'].includes(kind) && !NOT_RUN.some((start) => code.startsWith(start)),
  ),
})).filter(({ blocks }) => blocks.length > 0);

/** A folder that looks like a checkout, so that what a command writes is written there. */
let folder: string;
const children: ChildProcess[] = [];

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'commands-'));
  for (const entry of readdirSync(ROOT)) {
    if (entry !== '.git') symlinkSync(path.join(ROOT, entry), path.join(folder, entry));
  }
  // What the build of a client would write.
  writeFileSync(path.join(folder, 'persisted-documents.json'), '{ "abc": "{ __typename }" }');
});

afterAll(() => {
  stopAll();
  rmSync(folder, { recursive: true });
});

function stopAll(): void {
  for (const { pid } of children.splice(0)) {
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    } catch {
      // The program has exited by itself.
    }
  }
}

/** Starts a command and waits until it has printed something that matches. */
async function startServer(script: string, env: NodeJS.ProcessEnv, pattern: RegExp): Promise<void> {
  const child = spawn('bash', ['-euc', script], {
    cwd: folder,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let printed = '';
  await new Promise<void>((resolve, reject) => {
    const take = (chunk: Buffer): void => {
      printed += chunk.toString();
      if (pattern.test(printed)) resolve();
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('exit', () => reject(new Error(`The command exited without printing ${pattern}: ${printed}`)));
  });
}

const READY = /http:\S+\/graphql\n[^]*(?:has ended|RealtimeKit at \S+)\n|"settings":|http:\/\/\S+:4002/;

async function runBlock({ kind, code }: Block, env: NodeJS.ProcessEnv): Promise<void> {
  const { PORT = '', SANDBOX_PORT = '' } = env;
  const script = code
    // At once: the gateway's port may begin with the sandbox's default.
    .replaceAll(/:400([01])\b/g, (_port, last) => `:${last === '0' ? PORT : SANDBOX_PORT}`)
    .replaceAll(/sleep \d+/g, 'sleep 0.1')
    .replaceAll(/curl (?!-f)/g, 'curl --no-progress-meter --fail-with-body ');
  if (kind === 'sh') {
    await run('bash', ['-euc', script], { cwd: folder, env, timeout: 30_000 });
    return;
  }
  const startsGateway = /npm start/.test(script);
  if (startsGateway) stopAll();
  await startServer(script, env, READY);
}

describe.each(pages)('the commands of $page', ({ blocks }) => {
  test('run in order, beside a gateway with its sandbox', async () => {
    const [port, sandboxPort] = [await freePort(), await freePort()];
    const env = {
      PATH: `${ROOT}/node_modules/.bin:${process.env['PATH']}`,
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      PORT: `${port}`,
      SANDBOX_PORT: `${sandboxPort}`,
    };
    await startServer(`node ${PROGRAMS.gateway}`, env, READY);
    for (const block of blocks) await expect(runBlock(block, env)).resolves.toBeUndefined();
    stopAll();
  }, 120_000);
});

describe('commands that need Docker or the internet', () => {
  test.each([...allBlocks('sh docker'), ...allBlocks('sh external')])(
    'have correct shell syntax in $page',
    async ({ code }) => {
      await expect(run('bash', ['-n', '-c', code])).resolves.toMatchObject({ stderr: '' });
    },
  );

  test.each(allBlocks('sh external'))('call only npm scripts that exist in $page', ({ code }) => {
    const scripts = Array.from(code.matchAll(/npm run (?:--silent )?([\w:]+)/g), ([, script = '']) => script);
    for (const script of scripts) expect(readText('package.json')).toContain(`"${script}":`);
  });
});

test('every npm script that the documentation names exists', () => {
  const names = PAGES.flatMap((page) =>
    Array.from(readText(page).matchAll(/npm run (?:--silent )?([\w:]+)/g), ([, name]) => name),
  );
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => !readText('package.json').includes(`"${name}":`))).toEqual([]);
});
