import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createSocketClient } from 'graphql-ws';

import type { SubscriptionTarget } from '../../src/live/types.ts';
import { at } from '../support/gateway.ts';
import type { Served } from '../support/served.ts';

const WATCH = /* GraphQL */ `
  subscription Watch($livestreamId: ID, $meetingId: ID) {
    livestreamUpdated(livestreamId: $livestreamId, meetingId: $meetingId) {
      id
      status
      playbackUrl
      name
      activeSession {
        id
      }
    }
  }
`;

/** What is told of one livestream; a session that could not be read is no known one. */
export interface Told {
  id: string;
  text: string;
}

/** `here`: it watches, or is about to; `away`: cut off; `refused`: it was answered with an error; `gone`: for good. */
type Whereabouts = 'here' | 'away' | 'refused' | 'gone';

/** Somebody who watches over a connection of their own, with one of the clients that the README names. */
export interface RemoteViewer {
  target: SubscriptionTarget;
  transport: 'sse' | 'ws';
  /** What each of its connections told, in order. */
  connections: Told[][];
  whereabouts(): Whereabouts;
  /** Its connection breaks. */
  cutOff(): void;
  /** Whoever was cut off or refused tries again. */
  comeBack(): void;
  /** Unsubscribes. */
  leave(): void;
}

interface Line {
  subscribe(sink: Sink): () => void;
  cut(): void;
}

interface Sink {
  next(result: unknown): void;
  error(): void;
  complete(): void;
}

interface LineOptions {
  served: Served;
  target: SubscriptionTarget;
  connected: () => void;
  /** Resolves when it is worth connecting again. */
  retry: () => Promise<void>;
}

export function watchRemotely(served: Served, transport: 'sse' | 'ws', target: SubscriptionTarget): RemoteViewer {
  const connections: Told[][] = [];
  let whereabouts: Whereabouts = 'here';
  /** Its client connects again only after it was told to come back. */
  let isBack = Promise.withResolvers<void>();
  let hasEnded = false;

  function wait(why: 'away' | 'refused'): void {
    whereabouts = why;
    isBack = Promise.withResolvers();
  }

  const line = LINES[transport]({
    served,
    target,
    connected: () => void connections.push([]),
    async retry() {
      // It was not cut off: the server would not have it.
      if (whereabouts === 'here') wait('refused');
      return isBack.promise;
    },
  });
  const subscribe = (): (() => void) =>
    line.subscribe({
      next: (result) => connections.at(-1)?.push(...toldIn(result)),
      error: () => end(),
      complete: () => end(),
    });

  function end(): void {
    if (whereabouts === 'gone') return;
    hasEnded = true;
    wait('refused');
  }

  let unsubscribe = subscribe();

  return {
    target,
    transport,
    connections,
    whereabouts: () => whereabouts,
    cutOff() {
      wait('away');
      line.cut();
    },
    comeBack() {
      whereabouts = 'here';
      isBack.resolve();
      if (hasEnded) unsubscribe = subscribe();
      hasEnded = false;
    },
    leave() {
      whereabouts = 'gone';
      unsubscribe();
    },
  };
}

const LINES: Record<'sse' | 'ws', (options: LineOptions) => Line> = {
  sse({ served, target, connected, retry }) {
    let cut = new AbortController();
    const client = createSseClient({
      url: served.url,
      retry,
      retryAttempts: Infinity,
      on: { connected },
      fetchFn: async (url: string, { signal, ...init }: RequestInit & { signal: AbortSignal }) => {
        cut = new AbortController();
        return fetch(url, { ...init, signal: AbortSignal.any([signal, cut.signal]) });
      },
    });
    return {
      subscribe: (sink) => client.subscribe({ query: WATCH, variables: { ...target } }, sink),
      cut: () => cut.abort(),
    };
  },
  ws({ served, target, connected, retry }) {
    const client = createSocketClient({
      url: served.socketUrl,
      retryWait: retry,
      retryAttempts: Infinity,
      shouldRetry: () => true,
      on: { connected },
    });
    return {
      subscribe: (sink) => client.subscribe({ query: WATCH, variables: { ...target } }, sink),
      cut: () => client.terminate(),
    };
  },
};

/** An answer without a livestream is a refusal: the end of it is told on its own. */
function toldIn(result: unknown): Told[] {
  const row = at(result, 'data', 'livestreamUpdated');
  const id = at(row, 'id');
  if (typeof id !== 'string') return [];
  const isWhole = at(result, 'errors') === undefined;
  return [{ id, text: textOf(row, isWhole ? at(row, 'activeSession', 'id') : 'unread') }];
}

export function textOf(row: unknown, sessionId: unknown, playbackUrl = at(row, 'playbackUrl')): string {
  return JSON.stringify([at(row, 'status'), playbackUrl ?? null, at(row, 'name') ?? null, sessionId ?? null]);
}
