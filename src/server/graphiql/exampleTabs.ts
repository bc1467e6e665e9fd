import type { AuthSettings } from '../../auth/authenticate.ts';
import { REPORT_HEADER } from '../plugins/useOperations.ts';
import type { GraphiqlOptions } from './page.ts';

/** Ids of existing objects for the example operations. */
export interface ExampleIds {
  liveMeetingId: string;
  idleMeetingId: string;
  liveLivestreamId: string;
  endedSessionId: string;
}

interface Served {
  /** The sandbox's; null for a real app, for which the examples leave the ids blank. */
  exampleIds: ExampleIds | null;
  /** The host of the RealtimeKit API; null for the sandbox. */
  upstreamHost: string | null;
  auth: AuthSettings['kind'];
  /** Whether callers may request a report of their operation's upstream requests: the examples do. */
  upstreamReport: boolean;
}

/** Returns what GraphiQL shows: a tab for each example operation, all of which run as they are on the sandbox. */
export function graphiqlOptions({ exampleIds: ids, upstreamHost, auth, upstreamReport }: Served): GraphiqlOptions {
  const livestreamId = ids?.liveLivestreamId ?? '';
  const idleMeeting = { meetingId: ids?.idleMeetingId ?? '' };
  const entities = [
    { __typename: 'Livestream', id: livestreamId },
    { __typename: 'Meeting', id: ids?.liveMeetingId ?? '' },
  ];
  return {
    upstreamHost,
    auth,
    headers: { ...(auth !== 'none' && { authorization: 'Bearer ' }), ...(upstreamReport && { [REPORT_HEADER]: '1' }) },
    tabs: [
      createTab(LIVE_NOW),
      createTab(PAGES, { first: 5, after: null }),
      createTab(MEETING, { meetingId: ids?.liveMeetingId ?? '' }),
      createTab(LIVESTREAM, { livestreamId }),
      createTab(SESSION, { sessionId: ids?.endedSessionId ?? '' }),
      createTab(START, { input: { ...idleMeeting, name: 'Product launch', video: { width: 1280, height: 720 } } }),
      createTab(WATCH, idleMeeting),
      createTab(STOP, { input: idleMeeting }),
      createTab(ERRORS, { livestreamId }),
      createTab(ENTITIES, { representations: entities }),
    ],
  };
}

function createTab(query: string, variables?: object) {
  return { query: query.trimStart(), variables: variables === undefined ? '' : JSON.stringify(variables, null, 2) };
}

// Lines of comments have at most 54 characters, so that they fit beside the response in a window of 1400 pixels.

const LIVE_NOW = `
# All livestreams that are live, and their sessions.
# Press Ctrl+Enter, or Cmd+Enter, to run the query.
# If the response has extensions.upstream, it reports
# the upstream requests that the query took.
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

const PAGES = `
# The latest livestreams, page by page. For the next
# page, copy pageInfo.endCursor from the response into
# the variable "after". A page costs one upstream
# request, or none while it is cached.
query Pages($first: Int!, $after: String) {
  livestreams(first: $first, after: $after) {
    totalCount
    edges {
      cursor
      node {
        id
        name
        status
        createdAt
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
# A meeting, its livestream and the active session.
# Costs two upstream requests, or three with the title.
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
# A livestream and its meeting. Costs one upstream
# request, or two with the meeting's title.
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
# A session that has ended, and its livestream.
# Durations are in seconds. The viewerSeconds are those
# of all viewers together.
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
# Starts a livestream. Errors that the caller should
# handle are in userErrors: run the mutation twice to
# see one.
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
# Shows each change of the meeting's livestream until
# you stop it. Opening another tab stops it too: open
# GraphiQL in a second window, run "Start" and "Stop"
# there, and watch the livestream go live and end here.
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
# Stops what the tab "Start" has started. If the
# meeting is not live, userErrors says so.
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

const ERRORS = `
# One field fails, the other does not. Each error has a
# code, and "retryable" tells whether to try again.
# A read that finds nothing is null, without an error.
query Errors($livestreamId: ID!) {
  found: livestream(id: $livestreamId) {
    name
  }
  missing: livestream(id: "no-such-livestream") {
    name
  }
  refused: livestream(id: "not an id") {
    name
  }
}
`;

const ENTITIES = `
# What a federation router asks for: objects of any
# type by their keys. Routers join the objects that
# other subgraphs refer to in this way.
query Entities($representations: [_Any!]!) {
  _entities(representations: $representations) {
    __typename
    ... on Livestream {
      id
      name
      status
    }
    ... on Meeting {
      id
      activeLivestream {
        id
      }
    }
  }
}
`;
