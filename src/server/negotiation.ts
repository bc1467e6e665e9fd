import { LRUCache } from 'lru-cache';

import { badRequest } from '../domain/errors.ts';
import { type MediaType, parseMediaTypes } from './mediaTypes.ts';

/** For single results. Where a client leaves the choice to the server, the first one (GraphQL over HTTP, section 6.3). */
const JSON_TYPES = ['application/json', 'application/graphql-response+json'] as const;
/** For subscriptions, and for single results if the client prefers that. */
export const STREAM_TYPES = ['text/event-stream', 'multipart/mixed'] as const;

export type JsonType = (typeof JSON_TYPES)[number];
export type StreamType = (typeof STREAM_TYPES)[number];

/** The media types of a request's response, each null if the client accepts none. */
export interface ResponseTypes {
  /** For a single result. */
  result: JsonType | StreamType | null;
  /** For the events of a subscription. */
  stream: StreamType | null;
}

interface Choice<Type> {
  type: Type | null;
  /** From 0 to 1; 0 if there is no type. */
  quality: number;
}

/**
 * Chooses the media types that the client prefers (RFC 9110, section 12.5.1). Of two that are equally welcome, JSON comes before
 * streams, and then the one that `accept` names first.
 */
export function negotiate(accept: string | null): ResponseTypes {
  return recent.memo(accept ?? '');
}

/** All requests of a client have the same header. */
const recent = new LRUCache<string, ResponseTypes>({ max: 100, memoMethod: negotiateOnce });

function negotiateOnce(accept: string): ResponseTypes {
  const parsed = parseMediaTypes(accept);
  const ranges = parsed.length === 0 ? parseMediaTypes('*/*') : parsed;
  const json = choose(ranges, JSON_TYPES);
  const stream = choose(ranges, STREAM_TYPES);
  return { result: json.quality >= stream.quality ? json.type : stream.type, stream: stream.type };
}

/** Whether the client prefers the GraphiQL page to a result. */
export function prefersHtml(accept: string | null): boolean {
  return choose(parseMediaTypes(accept ?? ''), [...JSON_TYPES, 'text/html']).type === 'text/html';
}

/** Whether the client accepts content that is compressed with gzip (RFC 9110, section 12.5.3). */
export function acceptsGzip(acceptEncoding: string | null): boolean {
  // A list of the same form as that of media types.
  const codings = parseMediaTypes(acceptEncoding ?? '');
  const coding = codings.find(({ name }) => name === 'gzip') ?? codings.find(({ name }) => name === '*');
  return coding !== undefined && qualityOf(coding) > 0;
}

/** The error for a client that accepts nothing that the gateway can send. */
export function notAcceptable(kind: keyof ResponseTypes): Error {
  return badRequest(
    406,
    kind === 'result'
      ? 'Send "accept: application/graphql-response+json" or "accept: application/json"; to subscribe, "accept: text/event-stream".'
      : 'Subscribe with "accept: text/event-stream" or "accept: multipart/mixed;subscriptionSpec=1.0", or over a WebSocket.',
  );
}

function choose<Type extends string>(ranges: readonly MediaType[], types: readonly Type[]): Choice<Type> {
  const choices = types.map((type) => ({ type, ...preference(ranges, type) })).filter(({ quality }) => quality > 0);
  const [best] = choices.toSorted((a, b) => b.quality - a.quality || a.position - b.position);
  return best ?? { type: null, quality: 0 };
}

/** How welcome a type is, according to the most specific range that includes it, and the position of that range. */
function preference(ranges: readonly MediaType[], type: string): { quality: number; position: number } {
  const matches = ranges
    .map((range, position) => ({ quality: qualityOf(range), position, specificity: specificityOf(range, type) }))
    .filter(({ specificity }) => specificity > 0);
  const [best] = matches.toSorted((a, b) => b.specificity - a.specificity);
  return best ?? { quality: 0, position: 0 };
}

/** 0 if the range does not include the type. */
function specificityOf({ name, parameters }: MediaType, type: string): number {
  if (!/^utf-?8$/.test(parameters.get('charset') ?? 'utf-8')) return 0;
  // Other protocols also have this type. Apollo's says its name in a parameter.
  if (type === 'multipart/mixed' && parameters.get('subscriptionspec') !== '1.0') return 0;
  if (name === type) return 3 + parameters.size;
  if (name === `${type.split('/')[0]}/*`) return 2;
  return name === '*/*' ? 1 : 0;
}

function qualityOf({ parameters }: MediaType): number {
  const quality = Number(parameters.get('q') ?? 1);
  return Number.isNaN(quality) ? 1 : Math.min(Math.max(quality, 0), 1);
}
