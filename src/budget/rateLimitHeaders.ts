import { type BareItem, parseItem, Token } from 'structured-headers';

/** One limit that a response reported. */
export interface RateLimit {
  /** The policy's name; empty if it has none. */
  name: string;
  /** Requests left in the window. */
  remaining: number;
  /** Seconds until the window ends. */
  resetSeconds: number;
  /** Requests in a whole window; null if the response did not report them. */
  limit: number | null;
  /** The window's length in seconds; null if the response did not report it. */
  windowSeconds: number | null;
}

/** How many limits of one response are used. */
const MAX_LIMITS = 8;
/** A larger number is ignored, as if it were missing. */
const MAX_NUMBER = 999_999_999;

/**
 * Parses `Ratelimit: "default";r=50;t=30` and `Ratelimit-Policy: "burst";q=100;w=60` (draft-ietf-httpapi-ratelimit-headers): a
 * comma-separated list of one item per policy. An example in Cloudflare's documentation uses two different names for one
 * limit, so a single policy belongs to a single limit whatever their names are.
 *
 * Never throws. RFC 9651 discards a field that is malformed anywhere; this parser discards only the malformed items.
 */
export function parseRateLimits(headers: Readonly<Record<string, string>>): RateLimit[] {
  const { ratelimit } = headers;
  if (ratelimit === undefined) return parseOlderLimit(headers);
  const limits = parsePolicies(ratelimit).slice(0, MAX_LIMITS);
  const policies = parseStatedPolicies(headers['ratelimit-policy'] ?? '');
  return limits.flatMap(({ name, r, t }) => {
    if (r === null || t === null) return [];
    const isPair = limits.length === 1 && policies.length === 1;
    const policy = policies.find((candidate) => isPair || candidate.name === name);
    return [{ name, remaining: r, resetSeconds: t, limit: policy?.q ?? null, windowSeconds: policy?.w ?? null }];
  });
}

let lastPolicies: { field: string; policies: readonly Policy[] } = { field: '', policies: [] };

/** Parses a `RateLimit-Policy` field. It is nearly always the same as in the response before. */
function parseStatedPolicies(field: string): readonly Policy[] {
  if (field !== lastPolicies.field) lastPolicies = { field, policies: parsePolicies(field) };
  return lastPolicies.policies;
}

/** Parses the fields that Cloudflare sent before September 2025. The reset is in seconds, or the Unix time of the reset. */
function parseOlderLimit(headers: Readonly<Record<string, string>>): RateLimit[] {
  const numberOf = (field: string, max = MAX_NUMBER): number | null => {
    const value = headers[`x-ratelimit-${field}`]?.trim() ?? '';
    return /^\d{1,10}$/.test(value) && Number(value) <= max ? Number(value) : null;
  };
  const [limit, remaining, reset] = [numberOf('limit'), numberOf('remaining'), numberOf('reset', Infinity)];
  if (remaining === null || reset === null) return [];
  const sentAt = Date.parse(headers['date'] ?? '') / 1000;
  const resetSeconds = reset <= MAX_NUMBER ? reset : Math.max(0, reset - sentAt);
  return Number.isNaN(resetSeconds) ? [] : [{ name: '', remaining, resetSeconds, limit, windowSeconds: null }];
}

/** An item of either field. A parameter is null if it is missing or not a usable number. */
interface Policy {
  name: string;
  /** Remaining requests. */
  r: number | null;
  /** Seconds until the reset. */
  t: number | null;
  /** Quota: requests in a whole window. */
  q: number | null;
  /** The window's length in seconds. */
  w: number | null;
}

/** One policy with two parameters: what RealtimeKit sends. Reading it at once takes a twentieth of the time. */
const SINGLE_POLICY = /^ *"([ !#-[\]-~]*)"; *([rq])=(\d{1,9}); *([tw])=(\d{1,9}) *$/;

const EMPTY_POLICY: Policy = { name: '', r: null, t: null, q: null, w: null };

function parsePolicies(field: string): Policy[] {
  const [match, name = '', firstKey = '', first, secondKey = '', second] = SINGLE_POLICY.exec(field) ?? [];
  if (match !== undefined)
    return [{ ...EMPTY_POLICY, name: name.trim(), [firstKey]: Number(first), [secondKey]: Number(second) }];
  return splitOutsideQuotes(field, ',').flatMap((text) => {
    const policy = parsePolicy(text);
    const isUsable = policy !== null && [policy.r, policy.t, policy.q, policy.w].some((number) => number !== null);
    return isUsable ? [policy] : [];
  });
}

function parsePolicy(text: string): Policy | null {
  // RFC 9651 allows neither a space before a semicolon, nor an empty parameter, nor an item without a value.
  const [first = '', ...parameters] = splitOutsideQuotes(text, ';');
  const item = [first === '' ? '""' : first, ...parameters.filter((parameter) => parameter !== '')].join(';');
  try {
    const [value, numbers] = parseItem(item);
    const name = nameOf(value);
    if (name === null) return null;
    const numberOf = (key: string): number | null => toCount(numbers.get(key));
    return { name, r: numberOf('r'), t: numberOf('t'), q: numberOf('q'), w: numberOf('w') };
  } catch {
    return null;
  }
}

function nameOf(value: BareItem): string | null {
  if (typeof value === 'string') return value.trim();
  return value instanceof Token || typeof value === 'number' ? value.toString() : null;
}

function toCount(value: BareItem | undefined): number | null {
  const isCount = typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_NUMBER;
  return isCount ? value : null;
}

/** Splits `text` at each `separator` outside quoted strings, in which a backslash escapes the next character. Trims the parts. */
function splitOutsideQuotes(text: string, separator: ',' | ';'): string[] {
  const parts = [''];
  for (const [piece] of text.matchAll(/"(?:\\.|[^"\\])*"?|[^",;]+|[,;]/gs)) {
    if (piece === separator) parts.push('');
    else parts.push((parts.pop() ?? '') + piece);
  }
  return parts.map((part) => part.trim());
}
