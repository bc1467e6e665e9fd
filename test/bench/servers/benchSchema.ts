/** The part of the gateway's schema that the benchmark queries. Every server with a GraphQL engine serves it. */
export const TYPE_DEFS = /* GraphQL */ `
  scalar DateTime
  scalar URL

  type Query {
    meeting(id: ID!): Meeting
    livestreams(first: Int = 25, filter: LivestreamFilter): LivestreamConnection!
  }

  type Meeting {
    id: ID!
    activeLivestream: Livestream
  }

  type Livestream {
    id: ID!
    name: String
    status: LivestreamStatus!
    playbackUrl: URL
    updatedAt: DateTime
    activeSession: LivestreamSession
  }

  type LivestreamSession {
    id: ID!
    startedAt: DateTime
    viewerSeconds: Float
    updatedAt: DateTime
  }

  type LivestreamConnection {
    nodes: [Livestream!]!
  }

  input LivestreamFilter {
    status: LivestreamStatus
  }

  enum LivestreamStatus {
    LIVE
    IDLE
    ERRORED
    INVOKED
    OFFLINE
    UNKNOWN
  }
`;
