import { expect, test } from 'vitest';
import { parse } from 'yaml';

import { readConfig } from '../../src/config/index.ts';
import type { TransportRequest } from '../../src/realtimekit/transport.ts';
import { eventually } from '../support/eventually.ts';
import { at, nonNull, startTestGateway } from '../support/gateway.ts';
import { blocksOf } from './markdown.ts';

const PAGE = 'docs/deployment.md';

/** The settings of the page's commands that purge caches. */
function documentedSettings(): Record<string, string> {
  const commands = blocksOf(PAGE).filter(({ code }) => code.startsWith('PURGE_'));
  expect(commands).toHaveLength(2);
  const text = commands.map(({ code }) => code).join('\n');
  return Object.fromEntries(
    Array.from(text.matchAll(/(PURGE_\w+)=(\S+)/g), ([, name = '', value = '']) => [name, value]),
  );
}

test('with the documented settings, a start purges at Cloudflare and at the router', async () => {
  const settings = documentedSettings();
  const sent: TransportRequest[] = [];
  const gateway = await startTestGateway({
    options: { purge: readConfig(settings, () => '').purge },
    intercept: (send) => async (request) => {
      if (!/purge_cache$|invalidation$/.test(request.url)) return send(request);
      sent.push(request);
      return { status: 200, headers: {}, body: '{"success":true}' };
    },
  });
  await gateway.send({
    query: `mutation { startLivestream(input: { meetingId: "${gateway.exampleIds.emptyMeetingId}" }) { livestream { id } } }`,
  });
  await eventually(() => expect(sent).toHaveLength(2));
  const zone = settings['PURGE_CLOUDFLARE_ZONE'];
  expect(sent.map(({ url, headers }) => [url, headers['authorization']])).toEqual([
    [`https://api.cloudflare.com/client/v4/zones/${zone}/purge_cache`, `Bearer ${settings['PURGE_CLOUDFLARE_TOKEN']}`],
    [settings['PURGE_ROUTER_URL'], settings['PURGE_ROUTER_KEY']],
  ]);
});

test("the router's documented configuration listens where the documented setting sends purges, for the same subgraph", () => {
  const block = nonNull(blocksOf(PAGE).find(({ code }) => code.startsWith('response_cache:')));
  const cache: unknown = at(parse(block.code), 'response_cache');
  const { url, subgraph } = nonNull(readConfig(documentedSettings(), () => '').purge?.router);
  expect(`http://${String(at(cache, 'invalidation', 'listen'))}${String(at(cache, 'invalidation', 'path'))}`).toBe(url);
  expect(at(cache, 'subgraph', 'subgraphs', subgraph)).toMatchObject({
    enabled: true,
    invalidation: { enabled: true },
  });
});
