import {
  type Context,
  ROOT_CONTEXT,
  type Span as OtelSpan,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Tracer as OtelTracer,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';

import type { Sampling, TracingSettings } from './telemetrySettings.ts';
import type { Log } from '../lib/log.ts';
import { systemClock } from '../lib/clock.ts';
import { createThrottledWarning } from '../lib/throttledWarning.ts';
import { withTimeout } from '../lib/timeout.ts';
import type { Span, Tracer } from './tracer.ts';

/** How long the spans that are still queued may take to be sent when the program ends. */
const SHUTDOWN_TIMEOUT_MS = 2000;

/**
 * Sends traces to a collector by OTLP over HTTP, on any runtime: the packages have one build for Node.js and one that uses `fetch`. A slow
 * or absent collector delays no operation: spans that do not fit into the queue of 2,048 are dropped. `waitUntil` is called with the
 * promise of each request to the collector, which never rejects.
 */
export function createOtlpTracing(
  { resourceAttributes, sampling, collector }: TracingSettings,
  log: Log,
  waitUntil: (sending: Promise<void>) => void = () => {},
) {
  const { url, headers, timeoutMs } = collector;
  const otlpExporter = new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: timeoutMs });
  const exporter = observeExports(otlpExporter, log, waitUntil);
  const resource = defaultResource().merge(resourceFromAttributes(resourceAttributes));
  const spanProcessors = [new BatchSpanProcessor({ exporter })];
  const provider = new TracerProvider({ resource, spanProcessors, sampler: createSampler(sampling) });
  const otelTracer = provider.getTracer('realtimekit-graphql');
  const tracer: Tracer = {
    start: (name, parent) =>
      toSpan(otelTracer, otelTracer.startSpan(name, { kind: SpanKind.SERVER }, parseTraceparent(parent))),
  };
  return {
    tracer,
    async close(): Promise<void> {
      const createError = (): Error => new Error('The traces were not sent in time.');
      const options = { timeoutMs: SHUTDOWN_TIMEOUT_MS, clock: systemClock, createError };
      await withTimeout(options, async () => provider.shutdown()).catch(() => {});
    },
  };
}

function createSampler({ isParentBased, ratio }: Sampling): Sampler {
  const root =
    ratio === 1 ? new AlwaysOnSampler() : ratio === 0 ? new AlwaysOffSampler() : new TraceIdRatioBasedSampler(ratio);
  return isParentBased ? new ParentBasedSampler({ root }) : root;
}

/** Exports spans with `exporter`, logs a warning about spans that could not be sent, and passes the promise of each export to `waitUntil`. */
function observeExports(exporter: SpanExporter, log: Log, waitUntil: (sending: Promise<void>) => void): SpanExporter {
  const warn = createThrottledWarning(performance, (spans, failure: Error) => {
    const error = 'cause' in failure ? `${failure.message}: ${String(failure.cause)}` : failure.message;
    log('warn', 'Sending traces failed.', { spans, error });
  });
  return {
    export(spans, done) {
      const { promise, resolve } = Promise.withResolvers<void>();
      waitUntil(promise);
      exporter.export(spans, (result) => {
        if (result.error !== undefined) warn(spans.length, result.error);
        done(result);
        resolve();
      });
    },
    shutdown: async () => exporter.shutdown(),
  };
}

function toSpan(tracer: OtelTracer, span: OtelSpan): Span {
  const { traceId, spanId, traceFlags } = span.spanContext();
  let isOpen = true;
  return {
    traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
    start(name, kind, attributes) {
      const options = { kind: kind === 'client' ? SpanKind.CLIENT : SpanKind.INTERNAL, attributes };
      return toSpan(tracer, tracer.startSpan(name, options, trace.setSpan(ROOT_CONTEXT, span)));
    },
    end({ name, attributes, errorCode } = {}) {
      if (!isOpen) return;
      isOpen = false;
      if (name !== undefined) span.updateName(name);
      if (attributes !== undefined) span.setAttributes(attributes);
      if (errorCode !== undefined) span.setStatus({ code: SpanStatusCode.ERROR }).setAttribute('error.type', errorCode);
      span.end();
    },
  };
}

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/;

/** Returns the context of a `traceparent` header. Without a valid header, the context is empty, and the span starts a new trace. */
function parseTraceparent(traceparent: string | null): Context {
  const [, traceId = '', spanId = '', flags = ''] = TRACEPARENT.exec(traceparent ?? '') ?? [];
  const parent = { traceId, spanId, traceFlags: parseInt(flags, 16) & TraceFlags.SAMPLED, isRemote: true };
  return trace.isSpanContextValid(parent) ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
}
