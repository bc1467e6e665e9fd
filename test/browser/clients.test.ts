import { once } from 'node:events';
import { createServer } from 'node:http';

import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { allBlocks } from '../docs/markdown.ts';
import { CHROMIUM, startProgram } from './startProgram.ts';

const server = createServer((_request, response) => {
  response.setHeader('content-type', 'text/html').end('<!doctype html><title>App</title>');
}).listen(0, '127.0.0.1');

let browser: Browser;
let origin: string;

beforeAll(async () => {
  browser = await chromium.launch(CHROMIUM);
  if (!server.listening) await once(server, 'listening');
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
});

afterAll(async () => {
  await browser.close();
  server.close();
});

/** Runs the example for plain fetch on a page of another origin, and returns what it logs; rejects if the example throws. */
async function runExample(settings: Record<string, string>): Promise<string> {
  const program = await startProgram(settings);
  try {
    const page = await browser.newPage();
    await page.goto(origin);
    const logged = page.waitForEvent('console', { predicate: (message) => message.type() === 'log' });
    // The example throws if the gateway is not allowed to answer; then nothing is logged.
    logged.catch(() => {});
    const example = allBlocks('ts recipe').find(({ code }) => !code.includes('import '))?.code ?? '';
    const script = example.replace('http://127.0.0.1:4000/graphql', program.address);
    await page.evaluate(`(async () => { ${script} })()`);
    const message = await logged;
    return message.text();
  } finally {
    await program.end();
  }
}

test('the fetch example runs on a page whose origin CORS_ORIGINS lists', async () => {
  expect(JSON.parse(await runExample({ CORS_ORIGINS: origin }))).toEqual({ livestreams: { totalCount: 320 } });
});

test('the fetch example fails on a page whose origin CORS_ORIGINS does not list', async () => {
  await expect(runExample({ CORS_ORIGINS: 'http://localhost:5173' })).rejects.toThrow('Failed to fetch');
});
