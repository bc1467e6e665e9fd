import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createSocketClient } from 'graphql-ws';

import { at } from '../json.ts';
import type { Fleet } from './fleet.ts';
import type { Replica } from './replica.ts';
import type { Tally } from './tally.ts';

/** What is watched; null: not named. */
export interface Target {
  livestreamId: string | null;
  meetingId: string | null;
}

export type Line = 'SSE' | 'WebSocket';

/** Somebody who watches, with a client that the README names, and comes back by itself wherever a replica is. */
export interface Viewer {
  line: Line;
  target: Target;
  /** What its present connection told last of each livestream, by its id. */
  told: ReadonlyMap<string, string>;
  leave(): void;
}

export interface ViewerOptions {
  fleet: Fleet;
  tally: Tally;
  line: Line;
  target: Target;
  /** Milliseconds until it tries again. */
  patience: () => number;
}

const WATCH = /* GraphQL */ `
  subscription ($livestreamId: ID, $meetingId: ID) {
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

export function watch({ fleet, tally, line, target, patience }: ViewerOptions): Viewer {
  const told = new Map<string, string>();
  let replica: Replica = fleet.control;
  let isGone = false;
  const pause = async (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, patience()));
  const client = LINES[line]({
    url() {
      replica = fleet.pick();
      return replica.origin;
    },
    pause,
    connected() {
      told.clear();
      tally.answered(`connected over ${line}`, {}, 0);
    },
    refused: (answer) => tally.answered(`refused over ${line}`, answer, 0, 'refused without a code'),
    broke(what) {
      if (!isGone) tally.broke(replica.ending(), 'subscription', what);
    },
  });

  function next(result: unknown): void {
    tally.answered(`event over ${line}`, result, 0);
    const row = at(result, 'data', 'livestreamUpdated');
    const id = at(row, 'id');
    if (typeof id !== 'string') return;
    const isWhole = at(result, 'errors') === undefined;
    told.set(id, stateOf(row, isWhole ? at(row, 'activeSession', 'id') : 'unread', at(row, 'playbackUrl')));
  }

  /** Was sent away with an error: it comes again. */
  const again = (): void => void (isGone || pause().then(() => isGone || subscribe()));
  let unsubscribe = (): void => {};
  function subscribe(): void {
    unsubscribe = client({ query: WATCH, variables: { ...target } }, { next, error: again, complete: again });
  }

  subscribe();
  return {
    line,
    target,
    told,
    leave() {
      isGone = true;
      unsubscribe();
    },
  };
}

/** What is told of a livestream, in one text. */
export function stateOf(row: unknown, sessionId: unknown, playbackUrl: unknown): string {
  return JSON.stringify([at(row, 'status'), playbackUrl ?? null, at(row, 'name') ?? null, sessionId ?? null]);
}

interface Sink {
  next(result: unknown): void;
  error(): void;
  complete(): void;
}

interface LineOptions {
  /** The origin to connect to, asked anew for every connection. */
  url: () => string;
  pause: () => Promise<void>;
  connected: () => void;
  /** It was answered with an HTTP status that says no. */
  refused: (answer: unknown) => void;
  broke: (what: string) => void;
}

type Subscribe = (operation: { query: string; variables: Record<string, unknown> }, sink: Sink) => () => void;

/** An answer in JSON, or the first one of a stream of events; null where there is neither. */
function answerIn(text: string): unknown {
  try {
    const answer: unknown = JSON.parse(/^data: *(\{.*\})$/m.exec(text)?.[1] ?? text);
    return answer;
  } catch {
    return null;
  }
}

/** A client closes a connection with it that carries nothing any more. */
const LEFT = 1000;

const LINES: Record<Line, (options: LineOptions) => Subscribe> = {
  SSE({ url, pause, connected, refused, broke }) {
    let isRefused = false;
    const client = createSseClient({
      url: () => `${url()}/graphql`,
      retryAttempts: Infinity,
      async retry() {
        if (!isRefused) broke('an event stream broke');
        await pause();
      },
      on: { connected },
      async fetchFn(input: string, init: RequestInit) {
        const response = await fetch(input, init);
        isRefused = !response.ok;
        if (isRefused) refused(answerIn(await response.clone().text()));
        return response;
      },
    });
    return (operation, sink) => client.subscribe(operation, sink);
  },
  WebSocket({ url, pause, connected, broke }) {
    const client = createSocketClient({
      url: () => `${url().replace('http', 'ws')}/graphql`,
      retryAttempts: Infinity,
      retryWait: pause,
      shouldRetry: () => true,
      on: {
        connected,
        closed(event) {
          const code = at(event, 'code');
          if (code !== LEFT) broke(`a WebSocket closed with ${String(code)}`);
        },
      },
    });
    return (operation, sink) => client.subscribe(operation, sink);
  },
};
