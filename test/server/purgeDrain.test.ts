import { describe, expect, test } from 'vitest';

import { at, matching } from '../support/gateway.ts';
import { listeningAddress, queryProgram, startProgram } from '../support/program.ts';
import { ROUTER_KEY, startPurgeServer } from '../support/purgeServer.ts';

/** Starts the program with a purge endpoint, and a livestream in it. Resolves when the start has been answered. */
async function startThenStartLivestream(settings: Record<string, string> = {}, behaviour: 'ok' | 'hang' = 'ok') {
  const server = await startPurgeServer();
  server.behave(behaviour);
  const { url, key } = server.settings.router;
  const program = startProgram({ PURGE_ROUTER_URL: url, PURGE_ROUTER_KEY: key, ...settings });
  const address = await listeningAddress(program);
  const [, meetingId = ''] = await program.waitForOutput(/(\S+) {2}a meeting to start a livestream in/);
  const query = `mutation { startLivestream(input: { meetingId: "${meetingId}" }) { livestream { id } } }`;
  const id = String(at(await queryProgram(address, query), 'data', 'startLivestream', 'livestream', 'id'));
  return { program, server, id, meetingId };
}

describe('a shutdown right after a mutation', () => {
  test('sends the purge that the mutation caused, and exits with code 0', async () => {
    const { program, server, id, meetingId } = await startThenStartLivestream();
    program.child.kill('SIGTERM');
    expect(await program.exitCode).toBe(0);
    expect(server.tagsAt('router')).toEqual([`livestream:${id}`, 'livestreams', `meeting:${meetingId}`, 'sessions']);
    expect(program.output()).not.toMatch(/"level":"(?:warn|error)"/);
  });

  test.each([
    [
      '2 seconds',
      {},
      /"endpoints":1,"msg":"Purges timed out: what they did not reach stays cached until it expires\."/,
    ],
    ['DRAIN_MS', { DRAIN_MS: '300' }, /"purges":1,"msg":"Shutdown timed out: aborting what is pending\."/],
  ])('waits for an endpoint that does not respond no longer than %s, and logs that', async (_limit, settings, line) => {
    const { program, server } = await startThenStartLivestream(settings, 'hang');
    program.child.kill('SIGTERM');
    expect(await program.exitCode).toBe(0);
    expect(server.purges).toHaveLength(1);
    expect(program.output().match(/"level":"warn".*timed out.*/g)).toEqual([matching(line)]);
    expect(program.output()).not.toContain(ROUTER_KEY);
  });
});
