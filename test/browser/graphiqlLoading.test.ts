import { once } from 'node:events';
import { connect, createServer } from 'node:net';

import type { Page } from 'playwright-core';
import { describe, expect, onTestFinished, test } from 'vitest';

import { run, setUpGraphiql } from './graphiqlPage.ts';

const graphiql = setUpGraphiql();

/** Serves the program through a proxy that counts the bytes that it sends to browsers. */
async function countBytes(): Promise<{ address: string; received: () => number }> {
  const { port, pathname } = new URL(graphiql.address());
  let bytes = 0;
  const proxy = createServer((socket) => {
    const upstream = connect(Number(port), '127.0.0.1');
    upstream.on('data', (chunk) => (bytes += chunk.length));
    socket.pipe(upstream).pipe(socket);
    for (const [end, other] of [[socket, upstream] as const, [upstream, socket] as const])
      end.on('error', () => other.destroy());
    onTestFinished(() => void socket.destroy());
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void proxy.close());
  await once(proxy, 'listening');
  const address = proxy.address();
  const proxyPort = typeof address === 'object' && address !== null ? address.port : 0;
  return { address: `http://127.0.0.1:${proxyPort}${pathname}`, received: () => bytes };
}

const ASSETS = [
  'graphiql.js',
  'graphiql.css',
  'page.js',
  'page.css',
  'editorWorker.js',
  'jsonWorker.js',
  'graphqlWorker.js',
];

/** Opens GraphiQL, waits until it has loaded all of its assets, the workers of the editors among them, and runs a query. */
async function visit(page: Page, address: string): Promise<void> {
  const loaded = ASSETS.map(async (name) =>
    page.context().waitForEvent('requestfinished', (request) => request.url().includes(`asset=${name}`)),
  );
  await page.goto(address);
  await page.locator('.graphiql-execute-button').waitFor();
  await Promise.all(loaded);
  expect(await run(page)).toHaveProperty('data');
}

describe('loading GraphiQL', () => {
  test('takes at most 2.5 MB on the wire at the first visit, and less than a tenth of a megabyte at the second', async () => {
    const { address, received } = await countBytes();
    const page = await graphiql.newPage();
    await visit(page, address);
    const first = received();
    const again = await page.context().newPage();
    await visit(again, address);
    const second = received() - first;
    expect(first).toBeGreaterThan(1_000_000);
    expect(first).toBeLessThanOrEqual(2_500_000);
    expect(second).toBeLessThan(100_000);
    await page.context().close();
  });

  test('runs no script and no style of another origin, and violates no rule of its content security policy', async () => {
    const page = await graphiql.newPage();
    const violations: string[] = [];
    page.on('console', (message) => message.type() === 'error' && violations.push(message.text()));
    await page.addInitScript(`
      document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
        console.error(violatedDirective + ' ' + blockedURI));
    `);
    await visit(page, graphiql.address());
    expect(violations).toEqual([]);
    const inlined = await page.evaluate(
      'document.scripts.length - document.querySelectorAll("script[src], script[type]").length',
    );
    expect(inlined).toBe(0);
    await page.context().close();
  });
});
