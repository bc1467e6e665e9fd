/** The parts of the program that it loads only if it needs them, by the URL of one of their modules: in the source, or in the bundle. */
const PARTS = {
  graphiql: /render-graphiql/,
  jwt: /jose[/.]|chunks\/gateway\/jwt/,
  metrics: /prom-client|chunks\/gateway\/nodeMetrics/,
  'opentelemetry api': /@opentelemetry\/api\//,
  redis: /ioredis|chunks\/gateway\/redis/,
  sandbox: /src\/sandbox\/server|chunks\/gateway\/sandbox/,
  tracing: /@opentelemetry\/(?!api\/)|chunks\/gateway\/otlpTracer/,
};

const patterns = Object.entries(PARTS).map(([part, pattern]) => `[${JSON.stringify(part)}, ${String(pattern)}]`);

/** A module for `node --import`: prints at exit which parts the program has loaded. */
export const REPORT_LOADED_PARTS = `data:text/javascript,${encodeURIComponent(`
import { registerHooks } from 'node:module';
const patterns = [${patterns.join()}];
const loaded = new Set();
registerHooks({
  load(url, context, next) {
    for (const [part, pattern] of patterns) if (pattern.test(url)) loaded.add(part);
    return next(url, context);
  },
});
process.on('exit', () => console.log('LOADED ' + JSON.stringify([...loaded].sort())));
`)}`;

/** The parts that the program had loaded, from what it printed until it exited. */
export function loadedParts(output: string): unknown {
  const [, json = ''] = /LOADED (.*)/.exec(output) ?? [];
  return JSON.parse(json);
}
