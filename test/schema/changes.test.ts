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
  explainUnacknowledged,
  PUBLISHED,
  readAcknowledged,
  unacknowledged,
} from './changes.ts';

/** The SDL without descriptions, so that tests can change it by text. */
const SDL = withoutDescriptions(subgraphSdl());

function withoutDescriptions(sdl: string): string {
  return print(visit(parse(sdl), { enter: (_node, key) => (key === 'description' ? null : undefined) }));
}

/** Returns the SDL with a replacement. Fails if the SDL does not contain `from`. */
function changeSdl(from: string, to: string): string {
  expect(SDL).toContain(from);
  return SDL.replace(from, to);
}

const SECRET = '@requiresScopes(scopes: [["livestream:secret"]])';

describe('the schema', () => {
  test('has no breaking change that is not acknowledged', async () => {
    const published = await readFile(PUBLISHED, 'utf8');
    const acknowledged = readAcknowledged(await readFile(ACKNOWLEDGED, 'utf8'));
    expect(explainUnacknowledged(await unacknowledged(published, subgraphSdl(), acknowledged))).toBe('');
  });

  test('equals the published schema', async () => {
    const isPublished = (await readFile(PUBLISHED, 'utf8')) === subgraphSdl();
    expect(
      isPublished,
      'The schema has changed: run `npm run schema:publish`, and commit the files that it writes.',
    ).toBe(true);
  });
});

describe('breakingChanges', () => {
  test.each([
    ['a removed field', '  playbackUrl: URL\n', '', "Field 'playbackUrl' was removed from object type 'Livestream'"],
    [
      'an argument that becomes required',
      'search: String',
      'search: String!',
      "Type for argument 'search' on field 'Query.meetings' changed from 'String' to 'String!'",
    ],
    ['a removed enum value', '  OFFLINE\n', '', "Enum value 'OFFLINE' was removed from enum 'LivestreamStatus'"],
    [
      'a changed type',
      'ingestSeconds: Float @semanticNonNull\n',
      'ingestSeconds: Int @semanticNonNull\n',
      "Field 'LivestreamAnalytics.ingestSeconds' changed type from 'Float' to 'Int'",
    ],
    [
      'a field that becomes nullable',
      'status: LivestreamStatus!',
      'status: LivestreamStatus',
      "Field 'Livestream.status' changed type from 'LivestreamStatus!' to 'LivestreamStatus'",
    ],
    [
      'a new required input field',
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
      'a type that is no longer shareable',
      'type PageInfo @shareable',
      'type PageInfo',
      "Directive '@shareable' was removed from 'PageInfo'",
    ],
    [
      'a new scope on a field',
      'playbackUrl: URL',
      'playbackUrl: URL @requiresScopes(scopes: [["x"]])',
      `Directive '@requiresScopes(scopes: [["x"]])' was added to 'Livestream.playbackUrl'`,
    ],
    [
      'a field that requires authentication',
      'playbackUrl: URL',
      'playbackUrl: URL @authenticated',
      "Directive '@authenticated' was added to 'Livestream.playbackUrl'",
    ],
    [
      'a type that requires authentication',
      'type UserError',
      'type UserError @authenticated',
      "Directive '@authenticated' was added to 'UserError'",
    ],
    [
      'a removed scope',
      `streamKey: String ${SECRET}`,
      'streamKey: String',
      `Directive '${SECRET}' was removed from 'Livestream.streamKey'`,
    ],
    [
      'a removed tag',
      `streamKey: String ${SECRET} @tag(name: "secret")`,
      `streamKey: String ${SECRET}`,
      `Directive '@tag(name: "secret")' was removed from 'Livestream.streamKey'`,
    ],
    [
      'an argument that becomes inaccessible',
      'search: String',
      'search: String @inaccessible',
      "Directive '@inaccessible' was added to 'Query.meetings.search'",
    ],
    [
      'a nullable field that can be null without an error again',
      'count: Int @semanticNonNull',
      'count: Int',
      "Directive '@semanticNonNull' was removed from 'LivestreamAnalytics.count'",
    ],
    [
      'another version of federation',
      'federation/v2.9',
      'federation/v2.10',
      "federation/v2.10\")' was added to 'schema'",
    ],
  ])('reports %s', async (_what, from, to, description) => {
    const changes = await breakingChanges(SDL, changeSdl(from, to));
    expect(changes.join('\n')).toContain(description);
  });

  test('reports a replaced scope as removed and added', async () => {
    const replacement = SECRET.replace('secret', 'keys');
    expect(
      await breakingChanges(SDL, changeSdl(`streamKey: String ${SECRET}`, `streamKey: String ${replacement}`)),
    ).toEqual([
      `Directive '${SECRET}' was removed from 'Livestream.streamKey'`,
      `Directive '${replacement}' was added to 'Livestream.streamKey'`,
    ]);
  });

  test.each([
    ['an unchanged schema', 'type Query', 'type Query'],
    [
      'a new field with a scope',
      'playbackUrl: URL',
      'playbackUrl: URL\n  poster: URL @requiresScopes(scopes: [["x"]])',
    ],
    ['a new enum value', '  OFFLINE\n', '  OFFLINE\n  PAUSED\n'],
    ['a field that becomes non-nullable', 'totalCount: Int', 'totalCount: Int!'],
    ['a field that becomes null only because of an error', 'title: String', 'title: String @semanticNonNull'],
    ['a new optional input field', 'input StopLivestreamInput {', 'input StopLivestreamInput {\n  reason: String'],
    ['a changed default', 'first: Int = 25', 'first: Int = 50'],
    ['a changed cost', '@cost(weight: 2)', '@cost(weight: 3)'],
    ['an additional key', 'type Meeting @key(fields: "id")', 'type Meeting @key(fields: "id") @key(fields: "title")'],
    ['an additional import', 'import: [', 'import: ["@inaccessible", '],
    ['a deprecation', 'disabled: Boolean', 'disabled: Boolean @deprecated(reason: "See status.")'],
  ])('does not report %s', async (_what, from, to) => {
    expect(await breakingChanges(SDL, changeSdl(from, to))).toEqual([]);
  });

  test('are printed as entries to paste, with what to do', () => {
    expect(explainUnacknowledged(["Field 'x' went"])).toMatch(
      /^The schema has breaking changes\. .*\n\{"change":"Field 'x' went","reason":"\.\.\."\}$/,
    );
    expect(explainUnacknowledged([])).toBe('');
  });

  test('are accepted by an acknowledgement of the same change, once', async () => {
    const present = changeSdl('  playbackUrl: URL\n', '').replace('  OFFLINE\n', '');
    const [change = '', otherChange = ''] = await breakingChanges(SDL, present);
    const entry: Acknowledgement = { change, reason: 'RealtimeKit no longer returns the URL.' };

    expect(await unacknowledged(SDL, present, [])).toEqual([change, otherChange]);
    expect(await unacknowledged(SDL, present, [entry])).toEqual([otherChange]);
    expect(await unacknowledged(SDL, present, [{ ...entry, published: true }])).toEqual([change, otherChange]);
  });
});

describe('readAcknowledged', () => {
  test.each(['{}', '[{}]', '["x"]', '[null]', '[{ "change": "x" }]', '[{ "change": "x", "reason": " " }]'])(
    'rejects entries without a reason: %s',
    (json) => {
      expect(() => readAcknowledged(json)).toThrow('acknowledged.json must be a list of');
    },
  );
});

describe('npm run schema:publish', () => {
  const program = fileURLToPath(new URL('publish.ts', import.meta.url));
  /** A published schema that the present schema breaks. */
  const OLDER = subgraphSdl().replace('type Livestream ', 'type Livestream @key(fields: "number") ');
  const CHANGE = `Directive '@key(fields: "number")' was removed from 'Livestream'`;

  /** Runs the script with these files, and returns their content afterwards. */
  async function publish(published: string, acknowledged: string) {
    const folder = await mkdtemp(join(tmpdir(), 'publish-'));
    const files = [join(folder, 'published.graphql'), join(folder, 'acknowledged.json')] as const;
    try {
      await Promise.all([writeFile(files[0], published), writeFile(files[1], acknowledged)]);
      const { promise, resolve } = Promise.withResolvers<{ code: number | null; stderr: string }>();
      const child = execFile(process.execPath, [program, ...files], (_error, _stdout, stderr) =>
        resolve({ code: child.exitCode, stderr }),
      );
      const outcome = await promise;
      return { ...outcome, sdl: await readFile(files[0], 'utf8'), acknowledged: await readFile(files[1], 'utf8') };
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  test('writes the schema when there are no breaking changes', async () => {
    const older = changeSdl('  OFFLINE\n', '');
    expect(await publish(older, '[]\n')).toEqual({ code: 0, stderr: '', sdl: subgraphSdl(), acknowledged: '[]\n' });
  });

  test('rejects an unacknowledged breaking change, says what to do, and writes nothing', async () => {
    const { code, stderr, sdl, acknowledged } = await publish(OLDER, '[]');
    expect([code, sdl, acknowledged]).toEqual([1, OLDER, '[]']);
    expect(stderr).toContain('add them with a reason to test/schema/acknowledged.json');
    expect(stderr).toContain(JSON.stringify(CHANGE));
  });

  test('writes an acknowledged change, and marks the acknowledgement as published', async () => {
    const entry = { change: CHANGE, reason: 'No livestream ever had a number.' };
    const published = await publish(OLDER, JSON.stringify([entry]));
    expect([published.code, published.stderr, published.sdl]).toEqual([0, '', subgraphSdl()]);
    expect(JSON.parse(published.acknowledged)).toEqual([{ ...entry, published: true }]);
    expect((await publish(OLDER, published.acknowledged)).code).toBe(1);
  });
});
