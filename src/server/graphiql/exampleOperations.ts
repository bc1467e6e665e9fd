// Lines of comments have at most 54 characters, so that they fit beside the response in a window of 1400 pixels.

export const LIVE_NOW = `
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

export const PAGES = `
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

export const MEETING = `
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

export const LIVESTREAM = `
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

export const SESSION = `
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

export const START = `
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

export const WATCH = `
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

export const STOP = `
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

export const ERRORS = `
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

export const ENTITIES = `
# What a federation router asks for: objects of any
# type by their keys. Routers join the objects that
# other subgraphs refer to in this way.
query Entities($livestreamId: ID!, $meetingId: ID!) {
  _entities(
    representations: [
      { __typename: "Livestream", id: $livestreamId }
      { __typename: "Meeting", id: $meetingId }
    ]
  ) {
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
