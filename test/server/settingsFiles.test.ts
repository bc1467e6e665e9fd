import { execFileSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import { hashOf } from '../support/hashOf.ts';
import { listeningAddress, startProgram } from '../support/program.ts';

const keysFile = (...keys: string[]): string => keys.map((key) => `${key} ${hashOf(key)} livestream:read\n`).join('');
const documentsFile = (...documents: string[]): string =>
  JSON.stringify(Object.fromEntries(documents.map((text) => [hashOf(text), text])));

const RELOADED = /"msg":"Reloaded a file\."/;
const NOT_RELOADED = /"level":"error".*"msg":"Cannot reload a file\. What it contained before stays in use\."/;

const NOTHING_TO_RELOAD = /"level":"info".*"msg":"SIGHUP has no effect: there is no file to reload\."/;

function createFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'settings-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Starts the program with a file of API keys. */
async function startWithKeys(file: string) {
  const program = startProgram({ AUTH: 'api-key', API_KEYS_FILE: file });
  const address = await listeningAddress(program);
  await program.waitForOutput(/"msg":"Listening\."/);
  const send = async (key: string, query: string): Promise<Response> =>
    fetch(`${address}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', 'x-api-key': key },
      body: JSON.stringify({ query }),
    });
  return {
    ...program,
    send,
    statuses: async (...keys: string[]) =>
      Promise.all(keys.map(async (key) => (await send(key, '{ __typename }')).status)),
    matches: (pattern: RegExp): number => program.output().split(pattern).length - 1,
  };
}

describe('the file of API keys', () => {
  test('is read again on SIGHUP: new keys are let in, and withdrawn ones refused, with their subscriptions', async () => {
    const file = path.join(createFolder(), 'keys.txt');
    writeFileSync(file, keysFile('one', 'two'));
    const program = await startWithKeys(file);
    expect(await program.statuses('one', 'two', 'three')).toEqual([200, 200, 401]);
    const stream = await program.send('one', 'subscription { livestreamUpdated { id } }');
    writeFileSync(file, keysFile('two', 'three'));
    program.child.kill('SIGHUP');
    await program.waitForOutput(RELOADED);
    expect(await program.statuses('one', 'two', 'three')).toEqual([401, 200, 200]);
    expect(await stream.text()).toMatch(/"UNAUTHENTICATED"[^]*event: complete/);
  });

  test('stays in use as it was while it is broken or missing, which is logged', async () => {
    const file = path.join(createFolder(), 'keys.txt');
    writeFileSync(file, keysFile('one'));
    const program = await startWithKeys(file);
    for (const [count, change] of [
      () => writeFileSync(file, keysFile('two').slice(0, -5)),
      () => writeFileSync(file, ''),
      () => rmSync(file),
    ].entries()) {
      change();
      program.child.kill('SIGHUP');
      await expect.poll(() => program.matches(NOT_RELOADED)).toBe(count + 1);
      expect(await program.statuses('one', 'two')).toEqual([200, 401]);
    }
    expect(program.output()).toMatch(/ConfigError: API_KEYS_FILE: key 1 must be a name/);
    expect(program.output()).not.toContain(hashOf('two').slice(0, 20));
    writeFileSync(file, keysFile('two'));
    program.child.kill('SIGHUP');
    await program.waitForOutput(RELOADED);
    expect(await program.statuses('one', 'two')).toEqual([401, 200]);
  });

  test('is read again when a symbolic link on its path is replaced, as Kubernetes does', async () => {
    const folder = createFolder();
    const link = (target: string): void => {
      symlinkSync(target, path.join(folder, 'next'));
      renameSync(path.join(folder, 'next'), path.join(folder, 'data'));
    };
    for (const key of ['one', 'two']) {
      const version = mkdtempSync(path.join(folder, 'version-'));
      writeFileSync(path.join(version, 'keys.txt'), keysFile(key));
      if (key === 'one') link(version);
      else renameSync(version, path.join(folder, 'version-2'));
    }
    const program = await startWithKeys(path.join(folder, 'data', 'keys.txt'));
    link('version-2');
    await program.waitForOutput(RELOADED);
    expect(await program.statuses('one', 'two')).toEqual([401, 200]);
    expect(program.matches(NOT_RELOADED)).toBe(0);
  });

  test('is read again when it changes, also if white space follows its path', async () => {
    const file = path.join(createFolder(), 'keys.txt');
    writeFileSync(file, keysFile('one'));
    const program = await startWithKeys(`${file} \r`);
    writeFileSync(file, keysFile('two'));
    await program.waitForOutput(RELOADED);
    expect(await program.statuses('one', 'two')).toEqual([401, 200]);
  });
});

test('a pipe in place of the file of API keys is read once: neither a reload nor SIGHUP fails', async () => {
  const pipe = path.join(createFolder(), 'keys.pipe');
  execFileSync('mkfifo', [pipe]);
  const writing = writeFile(pipe, keysFile('one'));
  const program = await startWithKeys(pipe);
  await writing;
  program.child.kill('SIGHUP');
  await program.waitForOutput(NOTHING_TO_RELOAD);
  expect(await program.statuses('one', 'two')).toEqual([200, 401]);
  expect(program.matches(NOT_RELOADED)).toBe(0);
});

test('SIGHUP leaves a program without files in operation', async () => {
  const program = startProgram();
  const address = await listeningAddress(program);
  program.child.kill('SIGHUP');
  await program.waitForOutput(NOTHING_TO_RELOAD);
  expect((await fetch(`${address}/health`)).status).toBe(200);
});

test('the file of trusted documents is read again when an editor replaces it, and stays in use while it is broken', async () => {
  const [OLD, NEW] = ['{ old: __typename }', '{ new: __typename }'];
  const folder = createFolder();
  const file = path.join(folder, 'documents.json');
  const replace = (text: string): void => {
    writeFileSync(`${file}.tmp`, text);
    renameSync(`${file}.tmp`, file);
  };
  replace(documentsFile(OLD));
  const program = startProgram({ TRUSTED_DOCUMENTS: file, TRUSTED_DOCUMENTS_ONLY: 'on' });
  const address = await listeningAddress(program);
  const dataOf = async (document: string): Promise<unknown> => {
    const params = new URLSearchParams({ documentId: hashOf(document) });
    const body: unknown = await (await fetch(`${address}/graphql?${params}`)).json();
    return body;
  };
  expect(await dataOf(NEW)).toMatchObject({ errors: [{ extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } }] });
  replace(documentsFile(NEW).slice(0, -1));
  await program.waitForOutput(NOT_RELOADED);
  expect(await dataOf(OLD)).toEqual({ data: { old: 'Query' } });
  replace(documentsFile(NEW));
  await program.waitForOutput(RELOADED);
  expect(await dataOf(NEW)).toEqual({ data: { new: 'Query' } });
  expect(await dataOf(OLD)).toMatchObject({ errors: [{ extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } }] });
});
