import * as fc from 'fast-check';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';

import { createMetricRegistry } from '../../src/telemetry/metricRegistry.ts';

const HELP = 'A "help" text \\ with\ntwo lines.';
const BUCKETS = [0.0005, 0.1, 1, 30];

/** Registers the same metrics in our registry and in prom-client's. */
function createBoth() {
  const ours = createMetricRegistry();
  const reference = new Registry();
  const registers = [reference];
  const counter = ours.counter('events_total', HELP, ['kind', 'code']);
  const gauge = ours.gauge('size', HELP, ['kind']);
  const observe = ours.histogram('duration_seconds', HELP, { labelNames: ['kind'], buckets: BUCKETS });
  const referenceCounter = new Counter({ name: 'events_total', help: HELP, labelNames: ['kind', 'code'], registers });
  const referenceGauge = new Gauge({ name: 'size', help: HELP, labelNames: ['kind'], registers });
  const referenceHistogram = new Histogram({
    name: 'duration_seconds',
    help: HELP,
    labelNames: ['kind'],
    buckets: BUCKETS,
    registers,
  });
  return {
    add(kind: string, code: string, amount: number) {
      counter({ kind, code }).value += amount;
      referenceCounter.inc({ kind, code }, amount);
    },
    set(kind: string, value: number) {
      gauge({ kind }).value = value;
      referenceGauge.set({ kind }, value);
    },
    observe(kind: string, value: number) {
      observe({ kind }, value);
      referenceHistogram.observe({ kind }, value);
    },
    texts: async () => [(await ours.expose()).text, await reference.metrics()],
  };
}

describe('the page of metrics', () => {
  test("is prom-client's, byte for byte, whatever was recorded", async () => {
    // prom-client takes two label sets for one if their values imitate its separators.
    const label = fc.string({ unit: fc.constantFrom('a', 'b', '"', '\\', '\n', '{', '=', ' ', 'é', '😀') });
    const amount = fc.oneof(fc.constantFrom(...BUCKETS, 0), fc.double({ min: 0, max: 1e22, noNaN: true }));
    const value = fc.oneof(amount, fc.constantFrom(-1.5, Infinity, -Infinity));
    const call = fc.oneof(
      fc.tuple(fc.constant('add' as const), label, label, amount),
      fc.tuple(fc.constant('set' as const), label, value),
      fc.tuple(fc.constant('observe' as const), label, amount),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(call, { maxLength: 30 }), async (calls) => {
        const both = createBoth();
        for (const each of calls) {
          if (each[0] === 'add') both.add(each[1], each[2], each[3]);
          else both[each[0]](each[1], each[2]);
        }
        const [text, expected] = await both.texts();
        expect(text).toBe(expected);
      }),
    );
  });

  test("has prom-client's content type", async () => {
    expect((await createMetricRegistry().expose()).contentType).toBe(new Registry().contentType);
  });

  test('keeps label sets apart whose values contain separators', async () => {
    const registry = createMetricRegistry();
    const counter = registry.counter('events_total', 'Events.', ['kind', 'code']);
    counter({ kind: 'a', code: 'b",code="c' }).value += 1;
    counter({ kind: 'a",code="b', code: 'c' }).value += 1;
    expect((await registry.expose()).text.split('\n').slice(2)).toEqual([
      String.raw`events_total{kind="a",code="b\",code=\"c"} 1`,
      String.raw`events_total{kind="a\",code=\"b",code="c"} 1`,
      '',
    ]);
  });

  test('contains the value that a computed gauge has at the time, or only its description while it has none', async () => {
    const registry = createMetricRegistry();
    let size: number | undefined = 3;
    registry.computedGauge('size', 'A size.', async () => size);
    expect((await registry.expose()).text).toBe('# HELP size A size.\n# TYPE size gauge\nsize 3\n');
    size = undefined;
    expect((await registry.expose()).text).toBe('# HELP size A size.\n# TYPE size gauge\n');
  });
});

test('registering a second metric of the same name throws', () => {
  const registry = createMetricRegistry();
  registry.counter('size', 'A size.', []);
  expect(() => registry.computedGauge('size', 'A size.', () => 1)).toThrow('Choose another name.');
});
