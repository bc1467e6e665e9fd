import { describe, expect, test } from 'vitest';

import { REPORT_HEADER } from '../../src/server/answerOperation.ts';
import { at, startTestGateway } from '../support/gateway.ts';

describe('the upstream report', () => {
  const report = async (upstreamReport: boolean, value = '1'): Promise<unknown> => {
    const gateway = await startTestGateway({ options: { upstreamReport } });
    const { text } = await gateway.send(
      { query: `{ livestream(id: "${gateway.exampleIds.liveLivestreamId}") { name } }` },
      { headers: { [REPORT_HEADER]: value } },
    );
    const body: unknown = JSON.parse(text);
    return at(body, 'extensions');
  };

  test('is part of the response when the operator allows it and the request asks for it', async () => {
    expect(at(await report(true), 'upstream')).toMatchObject({ requests: 1 });
    expect(await report(true, '0')).toBeUndefined();
  });

  test('is never part of the response when the operator does not allow it', async () => {
    expect(await report(false)).toBeUndefined();
  });
});
