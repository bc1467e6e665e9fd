export const typeDefs = `schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@authenticated", "@composeDirective", "@cost", "@key", "@listSize", "@requiresScopes", "@shareable", "@tag"]) @link(url: "https://specs.apollo.dev/nullability/v0.4", import: ["@semanticNonNull"]) @composeDirective(name: "@semanticNonNull") {
  query: Query
  mutation: Mutation
  subscription: Subscription
}

"""
Indicates that the field, which is nullable, is null only if an error with its path, or the path of a field in it, explains why. The levels of lists count from 0, the field itself.
"""
directive @semanticNonNull(levels: [Int!]! = [0]) on FIELD_DEFINITION

"""Links a specification and imports definitions from it."""
directive @link(url: String!, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA

"""Keeps a directive of the subgraph in the supergraph."""
directive @composeDirective(name: String!) repeatable on SCHEMA

"""Identifies the key fields of an entity."""
directive @key(fields: federation__FieldSet!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE

"""Indicates that other subgraphs can define the same field or type."""
directive @shareable repeatable on FIELD_DEFINITION | OBJECT

"""
Assigns a label that contracts use to include or exclude parts of the schema.
"""
directive @tag(name: String!) repeatable on FIELD_DEFINITION | INTERFACE | OBJECT | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION

"""Restricts access to authenticated callers."""
directive @authenticated on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM

"""
Restricts access to callers who have all scopes of at least one of the lists.
"""
directive @requiresScopes(scopes: [[federation__Scope!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM

"""Identifies the maximum number of upstream requests."""
directive @cost(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR

"""Identifies the size of a list, for the calculation of costs."""
directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION

"""The query root."""
type Query {
  """
  Returns a livestream by ID. Null if the livestream does not exist. Costs one upstream request.
  """
  livestream(
    """The ID of the livestream: 1 to 64 letters, digits and hyphens."""
    id: ID!
  ): Livestream @cost(weight: 1) @requiresScopes(scopes: [["livestream:read"]])
  """
  Lists the livestreams of the app: livestreams of meetings and independent livestreams. Costs one upstream request per page.
  """
  livestreams(
    """The maximum number of livestreams to return, from 1 to 100."""
    first: Int = 25
    """
    Returns the livestreams after this cursor, which must come from \`pageInfo.endCursor\` or an edge of the same list, with the same \`filter\` and \`orderBy\`.
    """
    after: String
    """
    Limits the list to livestreams that meet all of these conditions. Without a filter, the list contains all livestreams.
    """
    filter: LivestreamFilter
    """The order of the list."""
    orderBy: LivestreamOrder = CREATED_AT_DESC
  ): LivestreamConnection! @cost(weight: 1) @listSize(assumedSize: 25, slicingArguments: ["first"], sizedFields: ["edges", "nodes"], requireOneSlicingArgument: false) @requiresScopes(scopes: [["livestream:read"]])
  """
  Returns how much was livestreamed and watched in a range of time, in total and by day. Costs one upstream request for the
  totals and one for \`days\`, each only if selected.
  """
  livestreamAnalytics(
    """
    The start of the range (inclusive). Fractions of a second are ignored. Without a value, the range has no start.
    """
    from: DateTime
    """
    The end of the range (inclusive). Fractions of a second are ignored. Without a value, the range ends now.
    """
    to: DateTime
  ): LivestreamAnalytics @semanticNonNull @cost(weight: 2) @requiresScopes(scopes: [["livestream:read"]]) @tag(name: "analytics")
  """
  Returns a livestream session by ID, whether it is running or has ended. Null if the session does not exist. Costs one upstream request.
  """
  livestreamSession(
    """The ID of the session: 1 to 64 letters, digits and hyphens."""
    id: ID!
  ): LivestreamSession @cost(weight: 1) @requiresScopes(scopes: [["livestream:read"]])
  """
  Returns a meeting by ID. Always returns an object: if the meeting does not exist, its other fields are null. Costs one upstream request if \`title\`, \`status\`, \`createdAt\` or \`updatedAt\` is selected.
  """
  meeting(
    """The ID of the meeting: 1 to 64 letters, digits and hyphens."""
    id: ID!
  ): Meeting @semanticNonNull @cost(weight: 1) @requiresScopes(scopes: [["livestream:read"]])
  """Lists the meetings of the app. Costs one upstream request per page."""
  meetings(
    """The maximum number of meetings to return, from 1 to 100."""
    first: Int = 25
    """
    Returns the meetings after this cursor, which must come from \`pageInfo.endCursor\` or an edge of the same list.
    """
    after: String
    """
    Limits the list to meetings that match this text, by the rules of RealtimeKit's search. 256 characters or fewer.
    """
    search: String
  ): MeetingConnection! @cost(weight: 1) @listSize(assumedSize: 25, slicingArguments: ["first"], sizedFields: ["edges", "nodes"], requireOneSlicingArgument: false) @requiresScopes(scopes: [["livestream:read"]])
  """
  Returns the remaining upstream request budget of the account that the caller's operations use. Costs no upstream request.
  """
  upstreamBudget: UpstreamBudget! @authenticated @tag(name: "operations")
  """Returns the SDL of the subgraph. Used by routers."""
  _service: _Service!
  """
  Returns entities by type and key, in the order of the representations. Null for an entity that does not exist. Used by routers.
  """
  _entities(
    """Objects with the \`__typename\` and the key fields of an entity."""
    representations: [_Any!]!
  ): [_Entity]! @requiresScopes(scopes: [["livestream:read"]])
}

"""
A broadcast: video arrives at an ingest server, and viewers watch it at a playback URL.
"""
type Livestream @key(fields: "id") @cost(weight: 0) @requiresScopes(scopes: [["livestream:read"], ["livestream:write"]]) {
  """The livestream's ID in RealtimeKit."""
  id: ID!
  """
  The livestream's name. Right after a start, the name that was passed to \`startLivestream\`.
  """
  name: String
  """The livestream's status."""
  status: LivestreamStatus!
  """Whether the livestream is disabled."""
  disabled: Boolean
  """The URL of the RTMPS server that an encoder sends audio and video to."""
  ingestServer: String @requiresScopes(scopes: [["livestream:secret"]]) @tag(name: "secret")
  """
  The secret that authenticates an encoder to the ingest server. Anyone who has the stream key can broadcast: keep it out of web pages and logs.
  """
  streamKey: String @requiresScopes(scopes: [["livestream:secret"]]) @tag(name: "secret")
  """
  The URL of the HLS manifest for viewers. Can be null for a while after a start.
  """
  playbackUrl: URL
  """The date and time when the livestream was created."""
  createdAt: DateTime
  """The date and time when the livestream was last updated."""
  updatedAt: DateTime
  """The meeting that is livestreamed. Null for an independent livestream."""
  meeting: Meeting @cost(weight: 1)
  """
  The session that is running now. Null if no session is running. Costs one upstream request, or none if the livestream is known to be \`IDLE\` or \`OFFLINE\`.
  """
  activeSession: LivestreamSession @cost(weight: 1) @requiresScopes(scopes: [["livestream:read"]])
  """
  Lists all sessions of the livestream, including ended sessions. Costs one upstream request per page, or one per session if RealtimeKit returns sessions one at a time.
  """
  sessions(
    """The maximum number of sessions to return, from 1 to 100."""
    first: Int = 25
    """
    Returns the sessions after this cursor, which must come from \`pageInfo.endCursor\` or an edge of the same list.
    """
    after: String
  ): LivestreamSessionConnection! @cost(weight: 1) @listSize(assumedSize: 25, slicingArguments: ["first"], sizedFields: ["edges", "nodes"], requireOneSlicingArgument: false) @requiresScopes(scopes: [["livestream:read"]])
}

"""Where a livestream is in its life."""
enum LivestreamStatus {
  """Video is arriving, and viewers can watch."""
  LIVE
  """The livestream was stopped, or never started."""
  IDLE
  """
  The broadcast failed. The session's \`errorMessage\` contains the reason.
  """
  ERRORED
  """The livestream was started and is waiting for the first video."""
  INVOKED
  """
  The livestream was stopped. RealtimeKit uses this name in webhook events.
  """
  OFFLINE
  """The status is missing or not known to this gateway."""
  UNKNOWN
}

"""
Conditions for a list of livestreams. A livestream must meet all conditions that are set.
"""
input LivestreamFilter {
  """Includes only livestreams in this status. \`UNKNOWN\` is not allowed."""
  status: LivestreamStatus
  """
  Whether to exclude the livestreams of meetings, so that the list contains only independent livestreams.
  """
  excludeMeetings: Boolean
  """Includes only livestreams from this date and time on."""
  from: DateTime
  """Includes only livestreams up to this date and time."""
  to: DateTime
}

"""The possible orders of a list of livestreams."""
enum LivestreamOrder {
  """By creation date, oldest first."""
  CREATED_AT_ASC
  """By creation date, newest first."""
  CREATED_AT_DESC
}

"""A page of a list of livestreams."""
type LivestreamConnection @cost(weight: 0) {
  """The livestreams on the page, each with a cursor."""
  edges: [LivestreamEdge!]!
  """The livestreams on the page, in the order of \`edges\`."""
  nodes: [Livestream!]!
  """Information for loading the next page."""
  pageInfo: PageInfo!
  """
  The total number of livestreams in the list. Null if RealtimeKit does not report it.
  """
  totalCount: Int
}

"""A livestream and its cursor."""
type LivestreamEdge @cost(weight: 0) {
  """
  The position of the livestream in the list. Pass it as \`after\` to load the livestreams that follow.
  """
  cursor: String!
  """The livestream at this position."""
  node: Livestream!
}

"""
Analytics of all livestreams in a range of time. A value that RealtimeKit does not report is null, with an error.
"""
type LivestreamAnalytics @cost(weight: 0) {
  """The number of livestreams in the range, as counted by RealtimeKit."""
  count: Int @semanticNonNull
  """The total duration of received video of all livestreams, in seconds."""
  ingestSeconds: Float @semanticNonNull
  """The total watch time of all viewers, in seconds."""
  viewerSeconds: Float @semanticNonNull
  """
  The analytics of each day, oldest first. Days without livestreams can be missing.
  """
  days: [LivestreamAnalyticsDay!] @semanticNonNull
}

"""
Analytics of all livestreams on a day. A number that RealtimeKit does not report is null, with an error.
"""
type LivestreamAnalyticsDay @cost(weight: 0) {
  """
  The date of the day, as returned by RealtimeKit. Null if RealtimeKit does not say which day it is; such days come last.
  """
  date: Date
  """
  The number of livestream sessions on the day, as counted by RealtimeKit. The sum over all days can differ from the range's count of livestreams.
  """
  count: Int @semanticNonNull
  """The total duration of received video of all livestreams, in seconds."""
  ingestSeconds: Float @semanticNonNull
  """The total watch time of all viewers, in seconds."""
  viewerSeconds: Float @semanticNonNull
}

"""A single run of a livestream, from start to stop."""
type LivestreamSession @key(fields: "id") @cost(weight: 0) @requiresScopes(scopes: [["livestream:read"]]) {
  """The session's ID in RealtimeKit."""
  id: ID!
  """
  The livestream that the session belongs to. Costs one upstream request if a field other than \`id\` is selected.
  """
  livestream: Livestream @cost(weight: 1)
  """The reason why the session failed. Null if it did not fail."""
  errorMessage: String
  """
  The duration of the received video, in seconds. RealtimeKit updates this value every 40 to 50 seconds. Before its first update, it can be a placeholder, such as 60.
  """
  ingestSeconds: Float
  """
  The total watch time of all viewers, in seconds. RealtimeKit updates this value every 40 to 50 seconds. Before its first update, it can be a placeholder, such as 60.
  """
  viewerSeconds: Float
  """
  The date and time when the start of the session was requested. Null for ended sessions, because RealtimeKit reports it for active sessions only.
  """
  invokedAt: DateTime
  """The date and time when the first video arrived. Null until then."""
  startedAt: DateTime
  """
  The date and time when the session ended. Null while the session is running.
  """
  stoppedAt: DateTime
  """The date and time when the session's record was created."""
  createdAt: DateTime
  """The date and time when the session's record was last updated."""
  updatedAt: DateTime
}

"""A page of a list of livestream sessions."""
type LivestreamSessionConnection @cost(weight: 0) {
  """
  The sessions on the page, each with a cursor. Costs one upstream request per session if RealtimeKit returns sessions one at a time.
  """
  edges: [LivestreamSessionEdge!]! @cost(weight: 1)
  """
  The sessions on the page, in the order of \`edges\`. Costs the same as \`edges\`.
  """
  nodes: [LivestreamSession!]! @cost(weight: 1)
  """Information for loading the next page. Costs the same as \`edges\`."""
  pageInfo: PageInfo! @cost(weight: 1)
  """
  The total number of sessions in the list. Null if RealtimeKit does not report it.
  """
  totalCount: Int
}

"""A livestream session and its cursor."""
type LivestreamSessionEdge @cost(weight: 0) {
  """
  The position of the session in the list. Pass it as \`after\` to load the sessions that follow.
  """
  cursor: String!
  """The session at this position."""
  node: LivestreamSession!
}

"""
A RealtimeKit meeting: a room whose audio and video can be livestreamed.
"""
type Meeting @key(fields: "id") @cost(weight: 0) {
  """The meeting's ID in RealtimeKit."""
  id: ID!
  """The meeting's title. Null if the meeting has no title."""
  title: String @requiresScopes(scopes: [["livestream:read"]])
  """The meeting's status, which says whether participants can join."""
  status: MeetingStatus @requiresScopes(scopes: [["livestream:read"]])
  """The date and time when the meeting was created."""
  createdAt: DateTime @requiresScopes(scopes: [["livestream:read"]])
  """The date and time when the meeting was last updated."""
  updatedAt: DateTime @requiresScopes(scopes: [["livestream:read"]])
  """
  The meeting's livestream that is \`LIVE\` or \`INVOKED\` now. Null if there is none. Costs one upstream request.
  """
  activeLivestream: Livestream @cost(weight: 1) @requiresScopes(scopes: [["livestream:read"]])
  """
  Lists all livestreams of the meeting, including past livestreams. Costs one upstream request per page.
  """
  livestreams(
    """The maximum number of livestreams to return, from 1 to 100."""
    first: Int = 25
    """
    Returns the livestreams after this cursor, which must come from \`pageInfo.endCursor\` or an edge of the same list.
    """
    after: String
  ): LivestreamConnection! @cost(weight: 1) @listSize(assumedSize: 25, slicingArguments: ["first"], sizedFields: ["edges", "nodes"], requireOneSlicingArgument: false) @requiresScopes(scopes: [["livestream:read"]])
}

"""The possible statuses of a meeting."""
enum MeetingStatus {
  """Participants can join the meeting."""
  ACTIVE
  """The meeting is closed. Nobody can join."""
  INACTIVE
  """The status is missing or not known to this gateway."""
  UNKNOWN
}

"""A page of a list of meetings."""
type MeetingConnection @cost(weight: 0) {
  """The meetings on the page, each with a cursor."""
  edges: [MeetingEdge!]!
  """The meetings on the page, in the order of \`edges\`."""
  nodes: [Meeting!]!
  """Information for loading the next page."""
  pageInfo: PageInfo!
  """
  The total number of meetings in the list. Null if RealtimeKit does not report it.
  """
  totalCount: Int
}

"""A meeting and its cursor."""
type MeetingEdge @cost(weight: 0) {
  """
  The position of the meeting in the list. Pass it as \`after\` to load the meetings that follow.
  """
  cursor: String!
  """The meeting at this position."""
  node: Meeting!
}

"""
The request limit of RealtimeKit, as reported in its responses and counted by the gateway in between.
"""
type UpstreamBudget @cost(weight: 0) {
  """The number of requests allowed in each window of time."""
  limit: Int!
  """
  The number of requests left in the current window. Some of them, usually a tenth of the limit, are reserved for mutations.
  """
  remaining: Int!
  """
  The date and time when the current window ends and the full limit becomes available again.
  """
  resetsAt: DateTime!
  """
  The caller's own share of the budget. The whole budget if callers are not distinguished.
  """
  share: UpstreamBudgetShare!
}

"""The part of the request budget that other callers cannot use up."""
type UpstreamBudgetShare @cost(weight: 0) {
  """
  The number of requests that the caller can send in each window of time. More are lent as the window passes, if others do not need them.
  """
  limit: Int!
  """
  The number of requests that the caller can send now, up to the limit of the share.
  """
  remaining: Int!
  """
  The date and time when the current window ends and the full share becomes available again.
  """
  resetsAt: DateTime!
}

"""
A date and time in RFC 3339 format, in UTC with milliseconds. Example: \`2026-03-14T09:26:53.589Z\`.
"""
scalar DateTime @specifiedBy(url: "https://datatracker.ietf.org/doc/html/rfc3339#section-5.6")

"""A date in RFC 3339 full-date format. Example: \`2026-03-14\`."""
scalar Date @specifiedBy(url: "https://datatracker.ietf.org/doc/html/rfc3339#section-5.6")

"""
An absolute URL. Example: \`https://customer.example.com/manifest/video.m3u8\`.
"""
scalar URL @specifiedBy(url: "https://url.spec.whatwg.org/")

"""The mutation root."""
type Mutation {
  """
  Starts a livestream of a meeting. The gateway never repeats a request that RealtimeKit may have processed. If the response is lost, the
  gateway reads the meeting's active livestream to find out whether the start succeeded. Costs one upstream request, or two
  with fields that the response to the start does not contain.
  """
  startLivestream(
    """The meeting to livestream, and options for the livestream."""
    input: StartLivestreamInput!
  ): StartLivestreamPayload @semanticNonNull @cost(weight: 2) @requiresScopes(scopes: [["livestream:write"]])
  """
  Stops the active livestream of a meeting. The gateway never repeats a request that RealtimeKit may have processed. Costs one upstream request; selecting fields of \`livestream\` costs up to two more.
  """
  stopLivestream(
    """The meeting whose livestream to stop."""
    input: StopLivestreamInput!
  ): StopLivestreamPayload @semanticNonNull @cost(weight: 1) @requiresScopes(scopes: [["livestream:write"]])
}

"""Information about a page of a connection."""
type PageInfo @shareable @cost(weight: 0) {
  """Whether there are more items after this page."""
  hasNextPage: Boolean!
  """Whether there are items before this page."""
  hasPreviousPage: Boolean!
  """The cursor of the first item on the page. Null if the page is empty."""
  startCursor: String
  """
  The cursor of the end of the page. Pass it as \`after\` to load the next page. It is never null if \`hasNextPage\` is true.
  """
  endCursor: String
}

"""
An error that the caller of a mutation must handle. It is part of the data because routers mask the errors of subgraphs.
"""
type UserError @shareable @cost(weight: 0) {
  """The error code, for programs."""
  code: UserErrorCode!
  """The error message, for people: what is wrong and what to do."""
  message: String!
  """
  The path to the input field that caused the error, starting with the name of the argument. Null if no single field caused it. Example: \`["input", "meetingId"]\`.
  """
  field: [String!]
}

"""The possible error codes of a mutation."""
enum UserErrorCode {
  """An input value is invalid. Nothing was changed."""
  BAD_USER_INPUT
  """
  The meeting does not exist, or has no active livestream to stop. Nothing was changed.
  """
  NOT_FOUND
  """The meeting already has an active livestream. Nothing was changed."""
  CONFLICT
  """
  The request was sent but no response arrived, and reading the meeting back did not show whether the request succeeded. Check \`Meeting.activeLivestream\` before you retry.
  """
  OUTCOME_UNKNOWN
}

"""The subgraph, as described to routers."""
type _Service @cost(weight: 0) {
  """
  The schema of the subgraph in the schema definition language, with federation directives.
  """
  sdl: String!
}

"""The entities that other subgraphs can reference."""
union _Entity = Meeting | Livestream | LivestreamSession

"""
A representation of an entity: the \`__typename\` and the key fields. Example: \`{ "__typename": "Meeting", "id": "ee92faa1-d467-4416-ab16-59d273777fbb" }\`.
"""
scalar _Any

"""A selection set without its outer braces. Example: \`id\`."""
scalar federation__FieldSet

"""An authorization scope. Example: \`livestream:read\`."""
scalar federation__Scope

"""The name of an imported definition. Example: \`@key\`."""
scalar link__Import

"""The purpose of a linked specification."""
enum link__Purpose {
  """Routers must support the specification to keep the data secure."""
  SECURITY
  """Routers must support the specification to execute operations."""
  EXECUTION
}

"""The input of \`startLivestream\`."""
input StartLivestreamInput {
  """
  The ID of the meeting to livestream: 1 to 64 letters, digits and hyphens.
  """
  meetingId: ID!
  """The name of the new livestream."""
  name: String
  """The size of the video. Without a value, RealtimeKit uses its default."""
  video: VideoConfigInput
}

"""The size of a livestream's video."""
input VideoConfigInput {
  """The width in pixels, at least 1."""
  width: Int!
  """The height in pixels, at least 1."""
  height: Int!
}

"""The result of \`startLivestream\`."""
type StartLivestreamPayload @cost(weight: 0) {
  """The livestream that was started. Null if \`userErrors\` is not empty."""
  livestream: Livestream
  """
  The meeting in the input. Null if the meeting does not exist, or if \`meetingId\` is invalid.
  """
  meeting: Meeting @cost(weight: 1)
  """
  The errors that the caller must handle. Empty if the livestream was started.
  """
  userErrors: [UserError!]!
}

"""The input of \`stopLivestream\`."""
input StopLivestreamInput {
  """
  The ID of the meeting whose livestream to stop: 1 to 64 letters, digits and hyphens.
  """
  meetingId: ID!
}

"""The result of \`stopLivestream\`."""
type StopLivestreamPayload @cost(weight: 0) {
  """
  The livestream that was stopped, in its state after the stop. Null if \`userErrors\` is not empty. Costs up to two upstream requests.
  """
  livestream: Livestream @cost(weight: 2)
  """
  The meeting in the input, whether or not it exists, as in \`Query.meeting\`. Null if \`meetingId\` is invalid.
  """
  meeting: Meeting @cost(weight: 1)
  """
  The errors that the caller must handle. Empty if the livestream was stopped.
  """
  userErrors: [UserError!]!
}

"""The subscription root."""
type Subscription {
  """
  Sends a livestream when its status, playback URL, name or active session changes. The first event of each livestream is its
  current state. A slow client receives the latest state instead of every intermediate state. Without arguments, the
  subscription covers all livestreams of the app that are or become \`LIVE\` or \`INVOKED\`, until they end. Any number of
  subscribers of a livestream cause the same upstream requests as one.
  """
  livestreamUpdated(
    """
    Limits the subscription to the livestream with this ID. The subscription ends with the error \`BAD_USER_INPUT\` if there is none, or if it does not belong to the meeting \`meetingId\`.
    """
    livestreamId: ID
    """
    Limits the subscription to the livestreams of the meeting with this ID. An unknown meeting causes no error, and no events.
    """
    meetingId: ID
  ): Livestream! @cost(weight: 2) @requiresScopes(scopes: [["livestream:read"]])
}`;
