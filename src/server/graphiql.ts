import type { GraphiQLOptions } from 'graphql-yoga';

import { REPORT_HEADER } from './plugins/useOperations.ts';

/** Ids of existing objects for the example operations. */
export interface ExampleIds {
  liveMeetingId: string;
  idleMeetingId: string;
  liveLivestreamId: string;
  endedSessionId: string;
}

/** Which headers the examples send. */
export interface ExampleHeaders {
  /** Whether to request a report of the operation's upstream requests. */
  upstreamReport: boolean;
  /** Whether to include an `authorization` header, for the user to complete. */
  hasBearer: boolean;
}

/**
 * Returns GraphiQL's options with a tab for each example operation. With `ids`, each example runs as it is; without, the ids are left
 * blank. GraphiQL follows the system's color scheme.
 */
export function graphiqlOptions(
  ids: ExampleIds | null,
  { upstreamReport, hasBearer }: ExampleHeaders,
): GraphiQLOptions {
  const exampleHeaders = {
    ...(hasBearer && { authorization: 'Bearer ' }),
    ...(upstreamReport && { [REPORT_HEADER]: '1' }),
  };
  const headers = upstreamReport || hasBearer ? JSON.stringify(exampleHeaders, null, 2) : '';
  const meeting = { meetingId: ids?.idleMeetingId ?? '' };
  const createTab = (query: string, variables: object) => ({
    query: query.trimStart(),
    variables: JSON.stringify(variables, null, 2),
    headers,
  });
  return {
    title: 'RealtimeKit GraphQL',
    defaultTabs: [
      createTab(LIVE_NOW, {}),
      createTab(MEETING, { meetingId: ids?.liveMeetingId ?? '' }),
      createTab(LIVESTREAM, { livestreamId: ids?.liveLivestreamId ?? '' }),
      createTab(SESSION, { sessionId: ids?.endedSessionId ?? '' }),
      createTab(START, { input: { ...meeting, name: 'Product launch', video: { width: 1280, height: 720 } } }),
      createTab(WATCH, meeting),
      createTab(STOP, { input: meeting }),
    ],
  };
}

/** Returns GraphiQL's page, with all scripts and styles inlined. The module has 9 MB, so it is loaded on first use. */
export async function renderGraphiQL(options: GraphiQLOptions): Promise<string> {
  const page = await import('@graphql-yoga/render-graphiql');
  return page.renderGraphiQL(options).replace('</head>', `${TAB_CLICK_FIX}</head>`);
}

/** While the mouse button is down, a leftover transform of GraphiQL's animation moves the tab away from the pointer: no click happens. */
const TAB_CLICK_FIX = '<style>.graphiql-tab { transform: none !important; }</style>';

const LIVE_NOW = `
# All livestreams that are live, with their active sessions. Press Ctrl+Enter to run the query.
# If the response has extensions.upstream, it reports the upstream requests.
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
# A meeting, its livestream and the active session. Costs two upstream requests, or three with the title.
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
# Errors that the caller should handle are in userErrors. Run the mutation twice to see one.
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
# Runs until you stop it. Start a livestream in the tab "Start" and watch it go live here.
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
