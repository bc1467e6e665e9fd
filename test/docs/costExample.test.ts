import { expect, test } from 'vitest';

import { nonNull, startTestGateway } from '../support/gateway.ts';
import { blocksOf } from './markdown.ts';

test('the examples of costs are what the gateway responds', async () => {
  const gateway = await startTestGateway();
  const blocks = blocksOf('docs/queries.md');
  const isCost = ({ kind, code }: { kind: string; code: string }): boolean =>
    kind === 'json' && code.includes('"cost"');
  const query = nonNull(blocks[blocks.findIndex(isCost) - 1]).code;
  const [report, estimate] = blocks.filter(isCost).map(({ code }): unknown => JSON.parse(code));
  const send = async (value: string): Promise<unknown> =>
    JSON.parse((await gateway.send({ query }, { headers: { 'x-cost': value } })).text);
  expect(await send('estimate')).toEqual(estimate);
  expect(await send('1')).toEqual(report);
});
