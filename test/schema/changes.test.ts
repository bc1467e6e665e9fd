import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { parse, print, visit } from 'graphql';
import { describe, expect, test } from 'vitest';

import { subgraphSdl } from '../../src/graphql/subgraphSdl.ts';
import {
  ACKNOWLEDGED,
  type Acknowledgement,
  breakingChanges,
  complaintAbout,
  PUBLISHED,
  readAcknowledged,
  unacknowledged,
} from './changes.ts';

/** Without descriptions, so that it can be altered by its text. */
const SDL = withoutDescriptions(subgraphSdl());

function withoutDescriptions(sdl: string): string {
  return print(visit(parse(sdl), { enter: (_node, key) => (key === 'description' ? null : undefined) }));
}

/** The schema with one place altered; fails where there is no such place. */
function altered(from: string, to: string): string {
  expect(SDL).toContain(from);
  return SDL.replace(from, to);
}

const SECRET = '@requiresScopes(scopes: [["livestream:secret"]])';

describe('the schema', () => {
  test('breaks nothing that is published, unless it is acknowledged', async () => {
    const published = await readFile(PUBLISHED, 'utf8');
    const acknowledged = readAcknowledged(await readFile(ACKNOWLEDGED, 'utf8'));
    expect(complaintAbout(await unacknowledged(published, subgraphSdl(), acknowledged))).toBe('');
  });

  test('is the published one', async () => {
    const isPublished = (await readFile(PUBLISHED, 'utf8')) === subgraphSdl();
    expect(isPublished, 'The schema was changed: run `npm run schema:publish`, and commit what it writes.').toBe(true);
  });
});

describe('a change that breaks somebody', () => {
  test.each([
    ['a removed field', '  playbackUrl: URL\n', '', "Field 'playbackUrl' was removed from object type 'Livestream'"],
    [
      'an argument that has to be given',
      'search: String',
      'search: String!',
      "Type for argument 'search' on field 'Query.meetings' changed from 'String' to 'String!'",
    ],
    ['a removed value', '  OFFLINE\n', '', "Enum value 'OFFLINE' was removed from enum 'LivestreamStatus'"],
    [
      'another type',
      'ingestSeconds: Float\n',
      'ingestSeconds: Int\n',
      "Field 'LivestreamSession.ingestSeconds' changed type from 'Float' to 'Int'",
    ],
    [
      'what may now be null',
      'status: LivestreamStatus!',
      'status: LivestreamStatus',
      "Field 'Livestream.status' changed type from 'LivestreamStatus!' to 'LivestreamStatus'",
    ],
    [
      'a new input field that has to be given',
      'input StopLivestreamInput {',
      'input StopLivestreamInput {\n  reason: String!',
      "Input field 'reason' of type 'String!' was added to input object type 'StopLivestreamInput'",
    ],
    [
      'a removed key',
      'type Meeting @key(fields: "id")',
      'type Meeting',
      `'@key(fields: "id")' was removed from 'Meeting'`,
    ],
    [
      'a type that others may no longer have too',
      'type PageInfo @shareable',
      'type PageInfo',
      "Directive '@shareable' was removed from 'PageInfo'",
    ],
    [
      'a scope on what everybody could read',
      'playbackUrl: URL',
      'playbackUrl: URL @requiresScopes(scopes: [["x"]])',
      `Directive '@requiresScopes(scopes: [["x"]])' was added to 'Livestream.playbackUrl'`,
    ],
    [
      'a caller to be known',
      'playbackUrl: URL',
      'playbackUrl: URL @authenticated',
      "Directive '@authenticated' was added to 'Livestream.playbackUrl'",
    ],
    [
      'a scope on a whole type',
      'type UserError',
      'type UserError @authenticated',
      "Directive '@authenticated' was added to 'UserError'",
    ],
    [
      'a secret that no longer is one',
      `streamKey: String ${SECRET}`,
      'streamKey: String',
      `Directive '${SECRET}' was removed from 'Livestream.streamKey'`,
    ],
    [
      'a tag by which a contract left it out',
      `streamKey: String ${SECRET} @tag(name: "secret")`,
      `streamKey: String ${SECRET}`,
      `Directive '@tag(name: "secret")' was removed from 'Livestream.streamKey'`,
    ],
    [
      'an argument that is hidden',
      'search: String',
      'search: String @inaccessible',
      "Directive '@inaccessible' was added to 'Query.meetings.search'",
    ],
    ['another federation', 'federation/v2.9', 'federation/v2.10', "federation/v2.10\")' was added to 'schema'"],
  ])('is noticed: %s', async (_what, from, to, told) => {
    const changes = await breakingChanges(SDL, altered(from, to));
    expect(changes.join('\n')).toContain(told);
  });

  test('tells both sides of a scope that is exchanged for another', async () => {
    const other = SECRET.replace('secret', 'keys');
    expect(await breakingChanges(SDL, altered(`streamKey: String ${SECRET}`, `streamKey: String ${other}`))).toEqual([
      `Directive '${SECRET}' was removed from 'Livestream.streamKey'`,
      `Directive '${other}' was added to 'Livestream.streamKey'`,
    ]);
  });

  test.each([
    ['nothing', 'type Query', 'type Query'],
    [
      'a new field, for some alone',
      'playbackUrl: URL',
      'playbackUrl: URL\n  poster: URL @requiresScopes(scopes: [["x"]])',
    ],
    ['a new value', '  OFFLINE\n', '  OFFLINE\n  PAUSED\n'],
    ['what is never null any more', 'totalCount: Int', 'totalCount: Int!'],
    [
      'an input field that need not be given',
      'input StopLivestreamInput {',
      'input StopLivestreamInput {\n  reason: String',
    ],
    ['another default', 'first: Int = 25', 'first: Int = 50'],
    ['another cost', '@cost(weight: 2)', '@cost(weight: 3)'],
    ['one more key', 'type Meeting @key(fields: "id")', 'type Meeting @key(fields: "id") @key(fields: "title")'],
    ['one more import', 'import: [', 'import: ["@inaccessible", '],
    ['a word of warning', 'disabled: Boolean', 'disabled: Boolean @deprecated(reason: "See status.")'],
  ])('is not: %s', async (_what, from, to) => {
    expect(await breakingChanges(SDL, altered(from, to))).toEqual([]);
  });

  test('is complained about in words to paste, with what to do; nothing is not', () => {
    expect(complaintAbout(["Field 'x' went"])).toMatch(
      /^The schema breaks .*\n\{"change":"Field 'x' went","reason":"\.\.\."\}$/,
    );
    expect(complaintAbout([])).toBe('');
  });

  test('is let through by an acknowledgement of that very change, once', async () => {
    const present = altered('  playbackUrl: URL\n', '').replace('  OFFLINE\n', '');
    const [change = '', other = ''] = await breakingChanges(SDL, present);
    const entry: Acknowledgement = { change, reason: 'RealtimeKit tells it no longer.' };

    expect(await unacknowledged(SDL, present, [])).toEqual([change, other]);
    expect(await unacknowledged(SDL, present, [entry])).toEqual([other]);
    expect(await unacknowledged(SDL, present, [{ ...entry, published: true }])).toEqual([change, other]);
  });
});

describe('an acknowledgement', () => {
  test.each(['{}', '[{}]', '["x"]', '[null]', '[{ "change": "x" }]', '[{ "change": "x", "reason": " " }]'])(
    'gives a reason: %s is none',
    (json) => {
      expect(() => readAcknowledged(json)).toThrow('acknowledged.json is a list of');
    },
  );
});

describe('npm run schema:publish', () => {
  const program = fileURLToPath(new URL('publish.ts', import.meta.url));
  /** What the present schema lacks. */
  const OLDER = subgraphSdl().replace('type Livestream ', 'type Livestream @key(fields: "number") ');
  const CHANGE = `Directive '@key(fields: "number")' was removed from 'Livestream'`;

  /** Publishes over `published`, and tells what stands in the files then. */
  async function publish(published: string, acknowledged: string) {
    const folder = await mkdtemp(join(tmpdir(), 'publish-'));
    const files = [join(folder, 'published.graphql'), join(folder, 'acknowledged.json')] as const;
    try {
      await Promise.all([writeFile(files[0], published), writeFile(files[1], acknowledged)]);
      const { promise, resolve } = Promise.withResolvers<{ code: number | null; stderr: string }>();
      const child = execFile(process.execPath, [program, ...files], (_error, _stdout, stderr) =>
        resolve({ code: child.exitCode, stderr }),
      );
      const ended = await promise;
      return { ...ended, sdl: await readFile(files[0], 'utf8'), acknowledged: await readFile(files[1], 'utf8') };
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  test('writes the schema where nothing breaks', async () => {
    const older = altered('  OFFLINE\n', '');
    expect(await publish(older, '[]\n')).toEqual({ code: 0, stderr: '', sdl: subgraphSdl(), acknowledged: '[]\n' });
  });

  test('refuses what nobody acknowledged: it says what breaks and what to do, and writes nothing', async () => {
    const { code, stderr, sdl, acknowledged } = await publish(OLDER, '[]');
    expect([code, sdl, acknowledged]).toEqual([1, OLDER, '[]']);
    expect(stderr).toContain('say in test/schema/acknowledged.json why it has to be');
    expect(stderr).toContain(JSON.stringify(CHANGE));
  });

  test('writes what is acknowledged, and that the acknowledgement has served', async () => {
    const entry = { change: CHANGE, reason: 'No livestream ever had a number.' };
    const done = await publish(OLDER, JSON.stringify([entry]));
    expect([done.code, done.stderr, done.sdl]).toEqual([0, '', subgraphSdl()]);
    expect(JSON.parse(done.acknowledged)).toEqual([{ ...entry, published: true }]);
    expect((await publish(OLDER, done.acknowledged)).code).toBe(1);
  });
});
