import type { GraphiQLOptions } from 'graphql-yoga';

import { REPORT_HEADER } from './plugins/useUpstreamReport.ts';

/** Ids that exist, for the example queries; without them the examples leave a blank to fill in. */
export interface ExampleIds {
  liveMeetingId: string;
  idleMeetingId: string;
  liveLivestreamId: string;
  endedSessionId: string;
}

/** What the examples send beside the operation. */
export interface ExampleHeaders {
  /** They ask what they cost upstream. */
  upstreamReport: boolean;
  /** They leave a blank for a token. */
  hasBearer: boolean;
}

/**
 * GraphiQL with a few tabs of examples, each of which runs as it is where `ids` are given, and asks what it costs upstream where
 * callers may. It follows the system's light or dark.
 */
export function graphiqlOptions(
  ids: ExampleIds | null,
  { upstreamReport, hasBearer }: ExampleHeaders,
): GraphiQLOptions {
  const wanted = { ...(hasBearer && { authorization: 'Bearer ' }), ...(upstreamReport && { [REPORT_HEADER]: '1' }) };
  const headers = upstreamReport || hasBearer ? JSON.stringify(wanted, null, 2) : '';
  const fill = (id: string | undefined): string => id ?? '';
  return {
    title: 'RealtimeKit GraphQL',
    defaultTabs: [
      tab(LIVE_NOW, {}),
      tab(MEETING, { meetingId: fill(ids?.liveMeetingId) }),
      tab(LIVESTREAM, { livestreamId: fill(ids?.liveLivestreamId) }),
      tab(SESSION, { sessionId: fill(ids?.endedSessionId) }),
      tab(START, {
        input: { meetingId: fill(ids?.idleMeetingId), name: 'Product launch', video: { width: 1280, height: 720 } },
      }),
      tab(WATCH, { meetingId: fill(ids?.idleMeetingId) }),
      tab(STOP, { input: { meetingId: fill(ids?.idleMeetingId) } }),
    ].map((example) => Object.assign(example, { headers })),
  };
}

/** The page with all that it loads, from this program's own files. It is 9 MB, so that it waits for the first who wants it. */
export async function renderGraphiQL(options: GraphiQLOptions): Promise<string> {
  const page = await import('@graphql-yoga/render-graphiql');
  return page.renderGraphiQL(options).replace('</head>', `${TAB_CLICK_FIX}</head>`);
}

/** Pressed with the mouse, a tab would take the place that its animation once gave it, away from under the pointer: no click. */
const TAB_CLICK_FIX = '<style>.graphiql-tab { transform: none !important; }</style>';

function tab(query: string, variables: object): { query: string; variables: string } {
  return { query: query.trimStart(), variables: JSON.stringify(variables, null, 2) };
}

const LIVE_NOW = `
# Everything that is live now, with its running session. Ctrl+Enter runs it.
# Where extensions.upstream stands in the answer, it tells what this cost.
query LiveNow {
  livestreams(first: 10, filter: { status: LIVE }) {
    totalCount
    nodes {
      id
      name
      playbackUrl
      meeting {
        id
      }
      activeSession {
        id
        startedAt
        viewerSeconds
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`;

const MEETING = `
# A meeting, its livestream and the running session: two upstream requests, or three with the title.
query MeetingWithLivestream($meetingId: ID!) {
  meeting(id: $meetingId) {
    id
    title
    activeLivestream {
      id
      name
      status
      playbackUrl
      activeSession {
        id
        startedAt
        ingestSeconds
        viewerSeconds
      }
    }
  }
}
`;

const LIVESTREAM = `
query Livestream($livestreamId: ID!) {
  livestream(id: $livestreamId) {
    id
    name
    status
    createdAt
    meeting {
      id
      title
    }
  }
}
`;

const SESSION = `
query Session($sessionId: ID!) {
  livestreamSession(id: $sessionId) {
    id
    startedAt
    stoppedAt
    ingestSeconds
    viewerSeconds
    errorMessage
    livestream {
      id
      name
    }
  }
}
`;

const START = `
# What the caller has to handle stands in userErrors: run it twice to see one.
mutation Start($input: StartLivestreamInput!) {
  startLivestream(input: $input) {
    livestream {
      id
      name
      status
      playbackUrl
    }
    userErrors {
      code
      message
      field
    }
  }
}
`;

const WATCH = `
# Goes on until it is stopped: start a livestream in the tab before, and see it go live here.
subscription Watch($meetingId: ID!) {
  livestreamUpdated(meetingId: $meetingId) {
    id
    name
    status
    playbackUrl
    activeSession {
      id
      startedAt
    }
  }
}
`;

const STOP = `
mutation Stop($input: StopLivestreamInput!) {
  stopLivestream(input: $input) {
    livestream {
      id
      status
    }
    userErrors {
      code
      message
    }
  }
}
`;
