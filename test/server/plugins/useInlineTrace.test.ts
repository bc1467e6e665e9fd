import { Trace } from '@apollo/usage-reporting-protobuf';
import { describe, expect, test } from 'vitest';

import { type Answer, at, startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { ACCOUNT, APP, TOKEN } from '../../support/gateway.ts';
import { serve } from '../../support/served.ts';

const headers = { 'apollo-federation-include-trace': 'ftv1' };
const ON = { options: { inlineTrace: true } };

/** The trace that an answer carries; undefined: none. */
function traceOf({ text }: Answer): Trace | undefined {
  const encoded = at(JSON.parse(text), 'extensions', 'ftv1');
  return typeof encoded === 'string' ? Trace.decode(Buffer.from(encoded, 'base64')) : undefined;
}

interface Node {
  responseName?: string | null;
  index?: number | null;
  type?: string | null;
  error?: { message?: string | null }[] | null;
  child?: Node[] | null;
}

/** A tree of fields, each with its type. */
function treeOf(node: Node | null | undefined): unknown {
  return (node?.child ?? []).map((child) => [child.responseName || child.index, child.type, treeOf(child)]);
}

/** The words of all errors in a tree. */
function errorsOf(node: Node | null | undefined): unknown[] {
  return [...(node?.error ?? []).map(({ message }) => message), ...(node?.child ?? []).flatMap(errorsOf)];
}

const list = async (gateway: TestGateway, more: Record<string, string> = headers): Promise<Answer> =>
  gateway.send({ query: '{ many: livestreams(first: 2) { nodes { id status } } }' }, { headers: more });

describe('a router that asks for an inline trace', () => {
  test('gets the tree of the fields, with how long each took', async () => {
    const gateway = await startTestGateway(ON);
    const trace = traceOf(await list(gateway));
    const row = [
      ['id', 'ID!', []],
      ['status', 'LivestreamStatus!', []],
    ];
    expect(treeOf(trace?.root)).toEqual([
      [
        'many',
        'LivestreamConnection!',
        [
          [
            'nodes',
            '[Livestream!]!',
            [
              [0, '', row],
              [1, '', row],
            ],
          ],
        ],
      ],
    ]);
    const [field] = trace?.root?.child ?? [];
    expect(field).toMatchObject({ parentType: 'Query', originalFieldName: 'livestreams' });
    expect(Number(field?.endTime)).toBeGreaterThan(Number(field?.startTime));
    expect(Number(trace?.durationNs)).toBeGreaterThanOrEqual(Number(field?.endTime));
  });

  test('is answered as everybody is, but for the trace', async () => {
    const gateway = await startTestGateway(ON);
    const plain = await list(gateway, {});
    const traced = await list(gateway);
    expect(traceOf(plain)).toBeUndefined();
    expect(traced.data).toEqual(plain.data);
    expect(traced.headers.get('x-request-id')).not.toBeNull();
    expect(gateway.told).toHaveLength(2);
  });

  test('gets one of what was done for it, also where the whole answer was at hand, and nobody else gets it', async () => {
    const gateway = await startTestGateway(ON);
    for (const more of [{}, {}]) await list(gateway, more);
    const [first, second] = [await list(gateway), await list(gateway)];
    expect(treeOf(traceOf(first)?.root)).not.toEqual([]);
    expect(treeOf(traceOf(second)?.root)).not.toEqual([]);
    expect(traceOf(await list(gateway, {}))).toBeUndefined();
    expect(gateway.upstream()).toHaveLength(1);
  });

  test('is told of errors in the answer’s own words, and of no secret', async () => {
    const gateway = await startTestGateway({
      ...ON,
      intercept: (send) => async (request) => {
        if (request.url.includes('/meetings')) throw new Error(`Broken: ${TOKEN} ${ACCOUNT} ${APP}`);
        return send(request);
      },
    });
    gateway.sandbox.fail([{ kind: 'status', status: 403, route: '/livestreams/{livestream_id}' }]);
    const { liveMeetingId, idleLivestreamId } = gateway.samples;
    const query = `{ livestream(id: "${idleLivestreamId}") { status } meeting(id: "${liveMeetingId}") { title } }`;
    const answer = await gateway.send({ query }, { headers });
    const trace = traceOf(answer);
    const told = errorsOf(trace?.root);
    expect(told).toHaveLength(2);
    expect(new Set(told)).toEqual(new Set(answer.errors.map(({ message }) => message)));
    expect(told.join(' ')).toContain('Something went wrong inside the gateway.');
    for (const secret of [TOKEN, ACCOUNT, APP]) expect(JSON.stringify(trace)).not.toContain(secret);
    // Once.
    expect(gateway.logs).toHaveLength(1);
  });

  test('gets the errors of a request that is no operation', async () => {
    const gateway = await startTestGateway(ON);
    const trace = traceOf(await gateway.send({ query: '{ nothing }' }, { headers }));
    expect(trace?.root?.error?.map(({ message }) => message)).toEqual([
      'Cannot query field "nothing" on type "Query".',
    ]);
  });

  test('may watch, which is not traced', async () => {
    const gateway = await startTestGateway(ON);
    const { url } = await serve(gateway);
    const leaving = new AbortController();
    const { body } = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
      body: JSON.stringify({ query: 'subscription { livestreamUpdated { id } }' }),
      signal: leaving.signal,
    });
    const reader = body?.getReader();
    let text = '';
    while (!text.includes('event: next')) text += new TextDecoder().decode((await reader?.read())?.value);
    leaving.abort();
    expect(text).not.toContain('ftv1');
    expect(gateway.server.subscriptions()).toBe(1);
    await expect.poll(() => gateway.server.subscriptions()).toBe(0);
  });

  test('is told why a subscription did not begin', async () => {
    const gateway = await startTestGateway(ON);
    const query = 'subscription { livestreamUpdated(livestreamId: "a b") { id } }';
    const { text } = await gateway.send({ query }, { headers: { accept: 'text/event-stream', ...headers } });
    expect(text).toContain('BAD_USER_INPUT');
  });

  test('gets one of an answer of any size', async () => {
    const gateway = await startTestGateway(ON);
    const copies = Array.from({ length: 30 }, (_, index) => `aVeryLongNameForAnId${index}: id`).join(' ');
    const answer = await gateway.send({ query: `{ livestreams(first: 100) { nodes { ${copies} } } }` }, { headers });
    expect(at(JSON.parse(answer.text), 'errors')).toBe(undefined);
    expect(traceOf(answer)?.root?.child?.[0]?.child?.[0]?.child).toHaveLength(100);
  });

  test('is let in like everybody', async () => {
    const gateway = await startTestGateway({ options: { inlineTrace: true, auth: { kind: 'passthrough' } } });
    const { status, errors } = await list(gateway);
    expect([status, errors[0]?.extensions['code']]).toEqual([401, 'UNAUTHENTICATED']);
  });

  test('gets none where it is turned off', async () => {
    const gateway = await startTestGateway();
    expect(traceOf(await list(gateway))).toBeUndefined();
  });
});
