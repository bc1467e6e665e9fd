/** What one policy of upstream's rate limit told about itself. */
export interface RateLimit {
  /** The policy's name; empty where it has none. */
  name: string;
  /** Requests left. */
  remaining: number;
  /** Seconds until the window ends. */
  resetSeconds: number;
  /** Requests in a whole window; null where that was not told. */
  limit: number | null;
  /** The window's length in seconds; null where that was not told. */
  windowSeconds: number | null;
}

/**
 * Reads `Ratelimit: "default";r=50;t=30` and `Ratelimit-Policy: "burst";q=100;w=60` (draft-ietf-httpapi-ratelimit-headers), several
 * policies separated by commas. The API's documents name the two differently in one example: a policy that stands alone belongs
 * to a limit that stands alone, whatever their names. Empty where nothing usable was told.
 */
export function readRateLimit(headers: Readonly<Record<string, string>>): RateLimit[] {
  const { ratelimit } = headers;
  if (ratelimit === undefined) return [];
  const limits = readItems(ratelimit).slice(0, MOST_LIMITS);
  const policies = readPolicies(headers['ratelimit-policy'] ?? '');
  return limits.flatMap(({ name, numbers: { r, t } }) => {
    if (r === undefined || t === undefined) return [];
    const isPair = limits.length === 1 && policies.length === 1;
    const policy = policies.find((candidate) => isPair || candidate.name === name)?.numbers;
    return [{ name, remaining: r, resetSeconds: t, limit: policy?.q ?? null, windowSeconds: policy?.w ?? null }];
  });
}

/** The most limits that are heeded at a time. */
const MOST_LIMITS = 8;

/** The same in every answer: read once. */
let lastPolicies: { text: string; items: Item[] } = { text: '', items: [] };

function readPolicies(text: string): Item[] {
  if (text !== lastPolicies.text) lastPolicies = { text, items: readItems(text) };
  return lastPolicies.items;
}

interface Item {
  name: string;
  numbers: { r?: number; t?: number; q?: number; w?: number };
}

function readItems(header: string): Item[] {
  return header.split(',').flatMap((text) => {
    const [, name = ''] = /^\s*"?([^";]*)"?/.exec(text) ?? [];
    const numbers: Item['numbers'] = {};
    for (const [, key = '', digits = ''] of text.matchAll(/;\s*([rqtw])=(\d{1,9})(?=\s*(?:;|$))/g)) {
      if (key === 'r' || key === 't' || key === 'q' || key === 'w') numbers[key] = Number(digits);
    }
    return Object.keys(numbers).length === 0 ? [] : [{ name: name.trim(), numbers }];
  });
}
