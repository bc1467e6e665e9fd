import { describe, expect, test } from 'vitest';

import { subgraphSdl } from '../../src/graphql/subgraphSdl.ts';
import { membersOf } from './members.ts';

/** The members that callers rely on. Renaming one breaks them. */
const PROMISED = /* GraphQL */ `
  type Query {
    meeting(id: ID!): Meeting
    meetings(first: Int = 25, after: String, search: String): MeetingConnection!
    livestream(id: ID!): Livestream
    livestreams(
      first: Int = 25
      after: String
      filter: LivestreamFilter
      orderBy: LivestreamOrder = CREATED_AT_DESC
    ): LivestreamConnection!
    livestreamSession(id: ID!): LivestreamSession
    livestreamAnalytics(from: DateTime, to: DateTime): LivestreamAnalytics
    upstreamBudget: UpstreamBudget!
  }
  type Mutation {
    startLivestream(input: StartLivestreamInput!): StartLivestreamPayload
    stopLivestream(input: StopLivestreamInput!): StopLivestreamPayload
  }
  type Meeting {
    id: ID!
    title: String
    status: MeetingStatus
    createdAt: DateTime
    updatedAt: DateTime
    activeLivestream: Livestream
    livestreams(first: Int = 25, after: String): LivestreamConnection!
  }
  enum MeetingStatus {
    ACTIVE
    INACTIVE
    UNKNOWN
  }
  type Livestream {
    id: ID!
    name: String
    status: LivestreamStatus!
    disabled: Boolean
    ingestServer: String
    streamKey: String
    playbackUrl: URL
    createdAt: DateTime
    updatedAt: DateTime
    meeting: Meeting
    activeSession: LivestreamSession
    sessions(first: Int = 25, after: String): LivestreamSessionConnection!
  }
  enum LivestreamStatus {
    LIVE
    IDLE
    ERRORED
    INVOKED
    OFFLINE
    UNKNOWN
  }
  type LivestreamSession {
    id: ID!
    livestream: Livestream
    errorMessage: String
    ingestSeconds: Float
    viewerSeconds: Float
    invokedAt: DateTime
    startedAt: DateTime
    stoppedAt: DateTime
    createdAt: DateTime
    updatedAt: DateTime
  }
  type LivestreamConnection {
    edges: [LivestreamEdge!]!
    nodes: [Livestream!]!
    pageInfo: PageInfo!
    totalCount: Int
  }
  type LivestreamSessionConnection {
    edges: [LivestreamSessionEdge!]!
    nodes: [LivestreamSession!]!
    pageInfo: PageInfo!
    totalCount: Int
  }
  type LivestreamAnalytics {
    count: Int
    ingestSeconds: Float
    viewerSeconds: Float
    days: [LivestreamAnalyticsDay!]
  }
  type LivestreamAnalyticsDay {
    date: Date
    count: Int
    ingestSeconds: Float
    viewerSeconds: Float
  }
  input LivestreamFilter {
    status: LivestreamStatus
    excludeMeetings: Boolean
    from: DateTime
    to: DateTime
  }
  input StartLivestreamInput {
    meetingId: ID!
    name: String
    video: VideoConfigInput
  }
  input VideoConfigInput {
    width: Int!
    height: Int!
  }
  type StartLivestreamPayload {
    livestream: Livestream
    meeting: Meeting
    userErrors: [UserError!]!
  }
  input StopLivestreamInput {
    meetingId: ID!
  }
  type StopLivestreamPayload {
    livestream: Livestream
    meeting: Meeting
    userErrors: [UserError!]!
  }
  type UserError {
    code: UserErrorCode!
    message: String!
    field: [String!]
  }
  enum UserErrorCode {
    BAD_USER_INPUT
    NOT_FOUND
    CONFLICT
    OUTCOME_UNKNOWN
  }
  type UpstreamBudget {
    limit: Int!
    remaining: Int!
    resetsAt: DateTime!
  }
`;

describe('the schema', () => {
  test('has every promised field, argument and enum value', () => {
    expect(membersOf(subgraphSdl())).toEqual(expect.arrayContaining(membersOf(PROMISED)));
  });

  test.each(['Meeting', 'Livestream', 'LivestreamSession'])('lets other subgraphs reference a %s by its id', (type) => {
    expect(subgraphSdl()).toContain(`type ${type} @key(fields: "id")`);
  });
});
