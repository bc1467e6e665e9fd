import type { CORSOptions } from 'graphql-yoga';

import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { pathOf } from './requestTarget.ts';

/** How long browsers may cache the response to a preflight request. Chromium allows no more. */
const MAX_AGE_SECONDS = 7200;

export interface CorsRule {
  /** Origins whose pages may send requests. */
  origins: readonly string[];
  /** The paths that those pages may request. */
  paths: readonly string[];
  /** The response fields that those pages may read. */
  exposedFields: readonly string[];
}

/**
 * The CORS options for a request: pages of the listed origins may request the listed paths, without cookies. Other pages may not, and
 * none may read `/metrics`, which needs no credential.
 */
export function corsFor(request: Request, { origins, paths, exposedFields }: CorsRule): CORSOptions {
  // For an origin that is not listed, Yoga would allow the origin `null`, which any page in a sandboxed frame has.
  if (!paths.includes(pathOf(request.url)) || !isAllowedOrigin(request.headers.get('origin'), origins)) return false;
  return {
    // The response names the request's own origin, which is allowed.
    origin: '*',
    methods: ['GET', 'POST'],
    credentials: false,
    exposedHeaders: [...exposedFields],
    maxAge: MAX_AGE_SECONDS,
  };
}

/**
 * Whether pages of `origin` may send requests. `*` in `origins` allows any origin, and `*` in place of a host's first label any one
 * label: `https://*.example.com` allows `https://app.example.com`.
 */
export function isAllowedOrigin(origin: string | null | undefined, origins: readonly string[]): boolean {
  if (origins.includes('*')) return true;
  return (
    origin != null && (origins.includes(origin) || origins.includes(origin.replace(/(?<=:\/\/)[\w-]+(?=\.)/, '*')))
  );
}

/** Whether an origin is the one that `host`, the value of a `Host` header, belongs to. */
export function isOwnOrigin(origin: string, host: unknown): boolean {
  return typeof host === 'string' && URL.parse(origin)?.host === host.toLowerCase();
}

/** Warns of a request if a page of another origin sent it. `headerOf` returns the value of a header of the request. */
export type WarnOfOrigin = (headerOf: (name: string) => unknown) => void;

/** The minimum time between two warnings about the same origin. */
const WARNING_INTERVAL_MS = 60_000;
/** The maximum number of warnings in that time: anyone can send any number of origins. */
const MAX_WARNINGS = 20;
const MAX_ORIGIN_CHARS = 200;

/**
 * Returns a function that warns if a request comes from a page whose origin is neither the gateway's own nor in `origins`. Such a
 * request fails in the browser, whatever the gateway answers, and the browser tells the page nothing about the reason.
 */
export function createOriginWarning(origins: readonly string[], log: Log, clock: Pick<Clock, 'now'>): WarnOfOrigin {
  const warned = new Set<string>();
  let startedAt = -Infinity;
  return (headerOf) => {
    const origin = headerOf('origin');
    if (typeof origin !== 'string' || isAllowedOrigin(origin, origins)) return;
    // Only browsers send this header. Unlike `Host`, a proxy leaves it as it is.
    const site = headerOf('sec-fetch-site') ?? null;
    if (site === 'same-origin' || (site === null && isOwnOrigin(origin, headerOf('host')))) return;
    const now = clock.now();
    if (now - startedAt >= WARNING_INTERVAL_MS) {
      warned.clear();
      startedAt = now;
    }
    const name = origin.slice(0, MAX_ORIGIN_CHARS);
    if (warned.has(name) || warned.size >= MAX_WARNINGS) return;
    warned.add(name);
    log('warn', 'A page of an origin that CORS_ORIGINS does not list sent a request.', { origin: name });
  };
}

/** The error message for pages of other origins. */
export const CROSS_ORIGIN_MESSAGE =
  "This gateway accepts no requests from other sites' pages. The operator can allow an origin with CORS_ORIGINS.";
