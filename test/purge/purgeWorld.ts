import { setImmediate } from 'node:timers/promises';

import { createPurger, type PurgeSettings } from '../../src/purge/purger.ts';
import type { TransportRequest, TransportResponse } from '../../src/realtimekit/transport.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import { asArray, at, type LogEntry } from '../support/gateway.ts';

export const CLOUDFLARE = {
  baseUrl: 'https://api.cloudflare.test/client/v4',
  zoneId: '9a7806061c88ada191ed06f989cc3dac',
  token: 'cf-t0ken.secret',
};
export const ROUTER = { url: 'http://router.test:3000/invalidation', key: 'sh4red-key', subgraph: 'livestreams' };
export const BOTH: PurgeSettings = { cloudflare: CLOUDFLARE, router: ROUTER };

/** What the fake endpoint does with a request: responds, fails, or never responds. */
export type Answer = TransportResponse | Error | 'hang';

export const response = (status: number, body = '', headers: Record<string, string> = {}): TransportResponse => ({
  status,
  headers,
  body,
});
export const PURGED = response(200, '{"success":true,"errors":[]}');

/** A request as the fake endpoint sees it. */
export interface SentPurge {
  request: TransportRequest;
  tags: string[];
  /** When it was sent, in milliseconds since the start of the test. */
  atMs: number;
  /** When it was answered or aborted; NaN until then. */
  endedAtMs: number;
  /** Answers a request that hangs. */
  answer: (answer: TransportResponse | Error) => void;
}

interface WorldOptions {
  settings?: PurgeSettings;
  /** What each request gets, in order; requests beyond these get `rest`. */
  answers?: Answer[];
  rest?: Answer;
  random?: () => number;
}

/** A purger with a fake clock and a fake endpoint: Cloudflare's alone unless the settings say otherwise. */
export function createPurgeWorld(options: WorldOptions = {}) {
  const {
    settings = { cloudflare: CLOUDFLARE, router: null },
    answers = [],
    rest = PURGED,
    random = () => 1,
  } = options;
  const clock = createFakeClock();
  const startedAt = clock.now();
  const elapsedMs = (): number => clock.now() - startedAt;
  const sent: SentPurge[] = [];
  const logs: LogEntry[] = [];
  const outcomes: string[] = [];
  let inFlight = 0;
  let maxInFlight = 0;
  const remaining = [...answers];
  const purger = createPurger(settings, {
    clock,
    random,
    log: (level, message, fields = {}) => logs.push({ level, message, fields }),
    metrics: { purge: (endpoint, outcome) => outcomes.push(`${endpoint} ${outcome}`) },
    async transport(request) {
      const { promise, resolve, reject } = Promise.withResolvers<TransportResponse>();
      const answer = (given: TransportResponse | Error): void =>
        given instanceof Error ? reject(given) : resolve(given);
      request.signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
      const purge = { request, tags: tagsIn(request), atMs: elapsedMs(), endedAtMs: NaN, answer };
      sent.push(purge);
      inFlight += 1;
      maxInFlight = Math.max(maxInFlight, inFlight);
      const given = remaining.shift() ?? rest;
      if (given !== 'hang') answer(given);
      return promise.finally(() => {
        inFlight -= 1;
        purge.endedAtMs = elapsedMs();
      });
    },
  });
  return {
    clock,
    purger,
    sent,
    logs,
    outcomes,
    /** The milliseconds since the start of the test. */
    elapsedMs,
    /** The largest number of requests that were in flight at the same time. */
    maxInFlight: () => maxInFlight,
    /** The tags of each request. */
    sentTags: () => sent.map(({ tags }) => tags),
    /** Advances the clock in steps, after each of which everything that does not wait for time has happened. */
    async advance(ms: number, stepMs = ms): Promise<void> {
      for (let rest = ms; rest > 0; rest -= stepMs) {
        clock.advance(Math.min(stepMs, rest));
        await setImmediate();
      }
    },
  };
}

function tagsIn({ body = '' }: TransportRequest): string[] {
  const parsed: unknown = JSON.parse(body);
  return Array.isArray(parsed)
    ? parsed.map((invalidation) => String(at(invalidation, 'cache_tag')))
    : asArray(at(parsed, 'tags')).map(String);
}
