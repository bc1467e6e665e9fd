import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';

import { onTestFinished } from 'vitest';

import { at, asArray } from '../support/gateway.ts';

/** A span as the collector received it. */
export interface CollectedSpan {
  name: string;
  traceId: string;
  spanId: string;
  /** Empty for a root span. */
  parentSpanId: string;
  /** OTLP's SpanKind: 1 internal, 2 server, 3 client. */
  kind: number;
  attributes: Record<string, unknown>;
  isFailed: boolean;
}

export interface CollectorOptions {
  /** Whether the collector sends responses. Default: true. */
  sendsResponses?: boolean;
}

/** Starts an OTLP collector for traces in JSON, over real HTTP. It closes with the test. */
export async function startCollector({ sendsResponses = true }: CollectorOptions = {}) {
  const bodies: string[] = [];
  const headers: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    headers.push(request.headers);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks).toString());
      if (sendsResponses) response.setHeader('content-type', 'application/json').end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    /** The bodies of all requests, as text. */
    text: () => bodies.join('\n'),
    headers,
    resources: () => bodies.flatMap((body) => asArray(at(JSON.parse(body), 'resourceSpans'))).map(attributesOfResource),
    spans: () => bodies.flatMap(spansOf),
  };
}

function attributesOfResource(resource: unknown): Record<string, unknown> {
  return attributesOf(at(resource, 'resource', 'attributes'));
}

function spansOf(body: string): CollectedSpan[] {
  return asArray(at(JSON.parse(body), 'resourceSpans'))
    .flatMap((resource) => asArray(at(resource, 'scopeSpans')))
    .flatMap((scope) => asArray(at(scope, 'spans')))
    .map((span) => ({
      name: String(at(span, 'name')),
      traceId: String(at(span, 'traceId')),
      spanId: String(at(span, 'spanId')),
      parentSpanId: textOf(at(span, 'parentSpanId')),
      kind: Number(at(span, 'kind')),
      attributes: attributesOf(at(span, 'attributes')),
      // OTLP's STATUS_CODE_ERROR.
      isFailed: at(span, 'status', 'code') === 2,
    }));
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function attributesOf(list: unknown): Record<string, unknown> {
  return Object.fromEntries(
    asArray(list ?? []).map((attribute) => {
      const value = at(attribute, 'value');
      const kinds: unknown[] = typeof value === 'object' && value !== null ? Object.values(value) : [];
      return [String(at(attribute, 'key')), kinds[0]];
    }),
  );
}
