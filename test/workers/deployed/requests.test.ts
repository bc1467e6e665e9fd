import { connect } from 'node:net';

import { describe, expect, it } from 'vitest';

import { API_KEY, deploy } from './deployment.ts';

const LIVE = '{ livestreams(first: 1) { nodes { id } } }';

describe('the Worker', () => {
  it('serves what the program on Node.js serves besides GraphQL', async () => {
    const { origins } = await deploy({ settings: { GRAPHIQL: 'on', INTROSPECTION: 'on', METRICS: 'on' } });
    const [url = ''] = origins;
    const read = async (path: string, headers: Record<string, string> = {}): Promise<string> =>
      (await fetch(`${url}${path}`, { headers: { 'x-api-key': API_KEY, ...headers } })).text();
    expect(await read('/health')).toMatch(/"status":"ok","version":"\d/);
    expect(await read('/ready')).toContain('"ready":true');
    expect(await read('/schema.graphql')).toContain('type Livestream');
    const page = await read('/graphql', { accept: 'text/html' });
    expect(page).toContain('<title>RealtimeKit GraphQL');
    const [, script = ''] = /<script[^>]* src="([^"]+)"/.exec(page) ?? [];
    expect(await read(`/graphql${script.slice(script.indexOf('?'))}`)).toContain('function');
    expect(await read('/nothing')).toBe('Not found. GraphQL is at /graphql.\n');
  });

  it('rejects callers without a valid credential', async () => {
    const { query } = await deploy();
    const { status, body } = await query(LIVE, { headers: { 'x-api-key': 'wrong' } });
    expect(status).toBe(401);
    expect(body).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
  });

  it('says in its log, and not to callers, which setting is wrong', async () => {
    const { query, logs } = await deploy({ settings: { QUERY_DEPTH: 'deep' } });
    const { status, body } = await query(LIVE);
    expect(status).toBe(500);
    expect(JSON.stringify(body)).not.toContain('QUERY_DEPTH');
    expect(logs.join('\n')).toContain('QUERY_DEPTH: must be a whole number');
  });

  it('stops reading from RealtimeKit for a client that has left', async () => {
    const { origins, sandbox } = await deploy();
    sandbox.setFaults([{ kind: 'hang', method: 'GET' }]);
    const body = JSON.stringify({ query: LIVE });
    const client = connect(Number(new URL(origins[0] ?? '').port), '127.0.0.1');
    client.write(
      `POST /graphql HTTP/1.1\r\nhost: gateway\r\nx-api-key: ${API_KEY}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    await expect.poll(() => sandbox.requests().inFlight).toBe(1);
    // workerd takes a connection that is closed in one direction for one that waits for its response.
    client.resetAndDestroy();
    await expect.poll(() => sandbox.requests().inFlight).toBe(0);
  });

  it('logs no error if a client leaves before it has sent its whole request', async () => {
    const { origins, logs } = await deploy();
    const client = connect(Number(new URL(origins[0] ?? '').port), '127.0.0.1');
    const answer = new Promise<string>((resolve) => client.once('data', (data) => resolve(data.toString())));
    client.end(
      `POST /graphql HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{"query"`,
    );
    expect(await answer).toMatch(/^HTTP\/1.1 400 /);
    expect(logs).toEqual([]);
  });

  it('has an object for each credential that callers send', async () => {
    const { query, sandbox } = await deploy({
      settings: { AUTH: 'passthrough', API_KEYS: '', CLOUDFLARE_API_TOKEN: '' },
      sandbox: { quota: { limit: 20, windowSeconds: 300 } },
    });
    const read = async (token: string): Promise<unknown> =>
      (
        await query('{ upstreamBudget { remaining } livestreams(first: 1) { nodes { id } } }', {
          headers: { authorization: `Bearer ${token}` },
        })
      ).body;
    await read('token-a');
    const [first, second] = await Promise.all([read('token-a'), read('token-b')]);
    expect(first).toMatchObject({ data: { livestreams: { nodes: [{}] } } });
    expect(second).toMatchObject({ data: { livestreams: { nodes: [{}] } } });
    expect(sandbox.requests().received).toBe(2);
    expect(await query('{ livestreams(first: 1) { nodes { id } } }')).toMatchObject({ status: 401 });
  });
});
