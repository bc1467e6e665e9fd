import { describe, expect, test } from 'vitest';

import { startTestGateway, type TestResponse } from '../support/gateway.ts';

describe('GraphiQL', () => {
  const page = async (graphiql: false | object): Promise<TestResponse> => {
    const gateway = await startTestGateway({ options: { graphiql } });
    return gateway.fetch('/graphql', { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } });
  };

  test('is served to browsers', async () => {
    const { status, headers, text } = await page({});
    expect([status, headers.get('content-type')?.split(';')[0]]).toEqual([200, 'text/html']);
    expect(text).toContain('GraphiQL');
  });

  test('is not served when it is off', async () => {
    const { status, text } = await page(false);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(text).not.toMatch(/graphiql/i);
  });
});
