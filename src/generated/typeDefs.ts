export const typeDefs = `schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@authenticated", "@cost", "@key", "@listSize", "@requiresScopes", "@shareable", "@tag"]) {
  query: Query
  mutation: Mutation
  subscription: Subscription
}

"""Takes over names from a specification."""
directive @link(url: String!, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA

"""The fields by which an entity is referred to."""
directive @key(fields: federation__FieldSet!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE

"""Other subgraphs may have it too."""
directive @shareable repeatable on FIELD_DEFINITION | OBJECT

"""A word by which contracts choose what is published."""
directive @tag(name: String!) repeatable on FIELD_DEFINITION | INTERFACE | OBJECT | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION

"""Only for callers who have shown who they are."""
directive @authenticated on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM

"""Only for callers who have all scopes of at least one of the lists."""
directive @requiresScopes(scopes: [[federation__Scope!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM

"""How many upstream requests it costs at most."""
directive @cost(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR

"""How many rows a list gives."""
directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION

"""Everything that can be read."""
type Query {
  """A livestream by id; null when there is none."""
  livestream(
    """
    The livestream's id in RealtimeKit: 1 to 64 letters, digits and hyphens.
    """
    id: ID!
  ): Livestream @cost(weight: 1) @requiresScopes(scopes: [["livestream:read"]])
  """
  The app's livestreams, page by page: those of meetings and independent ones.
  """
  livestreams(
    """How many livestreams to give, 1 to 100."""
    first: Int = 25
    """
    Give the livestreams that follow this cursor, taken from \`pageInfo.endCursor\` or an edge of the same list, with the same \`filter\` and \`orderBy\`.
    """
    after: String
    """Which livestreams to give; all of them when absent."""
    filter: LivestreamFilter
    """In which order to give them."""
    orderBy: LivestreamOrder = CREATED_AT_DESC
  ): LivestreamConnection! @cost(weight: 1) @listSize(assumedSize: 25, slicingArguments: ["first"], sizedFields: ["edges", "nodes"], requireOneSlicingArgument: false) @requiresScopes(scopes: [["livestream:read"]])
  """
  How much was livestreamed and watched in a range of time, in all and day by day. What is not selected is not asked for. No field of
  it can be null, so that one of its numbers that RealtimeKit cannot give leaves the operation without data: ask for it by itself.
  """
  livestreamAnalytics(
    """
    From this moment on, fractions of a second left out; from the beginning when absent.
    """
    from: DateTime
    """
    Up to this moment, fractions of a second left out; up to now when absent.
    """
    to: DateTime
  ): LivestreamAnalytics! @cost(weight: 2) @requiresScopes(scopes: [["livestream:read"]]) @tag(name: "analytics")
  """A livestream session by id, running or ended; null when there is none."""
  livestreamSession(
    """The session's id in RealtimeKit: 1 to 64 letters, digits and hyphens."""
    id: ID!
  ): LivestreamSession @cost(weight: 1) @requiresScopes(scopes: [["livestream:read"]])
  """
  A meeting by id. Resolves without an upstream call; its details load when selected, and are null when there is no such meeting.
  """
  meeting(
    """The meeting's id in RealtimeKit: 1 to 64 letters, digits and hyphens."""
    id: ID!
  ): Meeting @cost(weight: 1) @requiresScopes(scopes: [["livestream:read"]])
  """The app's meetings, page by page."""
  meetings(
    """How many meetings to give, 1 to 100."""
    first: Int = 25
    """
    Give the meetings that follow this cursor, taken from \`pageInfo.endCursor\` or an edge of the same list.
    """
    after: String
    """Only meetings that match this text, by RealtimeKit's own search."""
    search: String
  ): MeetingConnection! @cost(weight: 1) @listSize(assumedSize: 25, slicingArguments: ["first"], sizedFields: ["edges", "nodes"], requireOneSlicingArgument: false) @requiresScopes(scopes: [["livestream:read"]])
  """
  What is left of the upstream request budget that this caller's queries are paid from.
  """
  upstreamBudget: UpstreamBudget! @authenticated @tag(name: "operations")
  """This subgraph as federation sees it."""
  _service: _Service!
  """
  The entities that a router refers to by type and key, in the same order; null for one that does not exist.
  """
  _entities(
    """Objects with \`__typename\` and the fields of its key."""
    representations: [_Any!]!
  ): [_Entity]! @requiresScopes(scopes: [["livestream:read"]])
}

"""
A broadcast: frames go in at an ingest server, viewers watch at a playback URL.
"""
type Livestream @key(fields: "id") @cost(weight: 0) @requiresScopes(scopes: [["livestream:read"], ["livestream:write"]]) {
  """The livestream's id in RealtimeKit."""
  id: ID!
  """
  The livestream's name. Right after a start it is the name that was sent.
  """
  name: String
  """Where the livestream is in its life."""
  status: LivestreamStatus!
  """Whether the livestream has been disabled."""
  disabled: Boolean
  """The RTMPS server that an encoder sends sound and picture to."""
  ingestServer: String @requiresScopes(scopes: [["livestream:secret"]]) @tag(name: "secret")
  """
  The secret that an encoder shows to the ingest server. Whoever has it can broadcast: keep it out of pages and logs.
  """
  streamKey: String @requiresScopes(scopes: [["livestream:secret"]]) @tag(name: "secret")
  """
  The HLS manifest that viewers watch. It may take a while to appear after a start.
  """
  playbackUrl: URL
  """When the livestream was created."""
  createdAt: DateTime
  """When the livestream was last changed."""
  updatedAt: DateTime
  """The meeting that is livestreamed; null for an independent livestream."""
  meeting: Meeting @cost(weight: 1)
  """
  The session that is running now; null when none is. An \`IDLE\` or \`OFFLINE\` livestream has none, and costs no upstream request to know it.
  """
  activeSession: LivestreamSession @cost(weight: 1) @requiresScopes(scopes: [["livestream:read"]])
  """All sessions of this livestream, ended ones included, page by page."""
  sessions(
    """How many sessions to give, 1 to 100."""
    first: Int = 25
    """
    Give the sessions that follow this cursor, taken from \`pageInfo.endCursor\` or an edge of the same list.
    """
    after: String
  ): LivestreamSessionConnection! @cost(weight: 1) @listSize(assumedSize: 25, slicingArguments: ["first"], sizedFields: ["edges", "nodes"], requireOneSlicingArgument: false) @requiresScopes(scopes: [["livestream:read"]])
}

"""Where a livestream is in its life."""
enum LivestreamStatus {
  """Frames arrive and viewers can watch."""
  LIVE
  """Stopped, or never started."""
  IDLE
  """The broadcast failed; the session's \`errorMessage\` says why."""
  ERRORED
  """Started, and waiting for the first frames."""
  INVOKED
  """Stopped, as RealtimeKit's events call it."""
  OFFLINE
  """A status that this gateway does not know, or none at all."""
  UNKNOWN
}

"""
Which livestreams to give. Every condition that is present has to hold.
"""
input LivestreamFilter {
  """Only livestreams in this status. \`UNKNOWN\` cannot be asked for."""
  status: LivestreamStatus
  """
  True leaves out the livestreams of meetings, so that only independent ones are given.
  """
  excludeMeetings: Boolean
  """Only livestreams from this moment on."""
  from: DateTime
  """Only livestreams up to this moment."""
  to: DateTime
}

"""The order of a list of livestreams."""
enum LivestreamOrder {
  """Oldest first."""
  CREATED_AT_ASC
  """Newest first."""
  CREATED_AT_DESC
}

"""A page of livestreams."""
type LivestreamConnection @cost(weight: 0) {
  """The page's livestreams, each with its cursor."""
  edges: [LivestreamEdge!]!
  """The page's livestreams alone, in the same order as \`edges\`."""
  nodes: [Livestream!]!
  """Where the page stands in the whole list."""
  pageInfo: PageInfo!
  """
  How many livestreams the whole list holds; null when RealtimeKit does not tell.
  """
  totalCount: Int
}

"""A livestream and its place in the list."""
type LivestreamEdge @cost(weight: 0) {
  """The livestream's place in the list, to be passed as \`after\`."""
  cursor: String!
  """The livestream."""
  node: Livestream!
}

"""How much was livestreamed and watched in a range of time."""
type LivestreamAnalytics @cost(weight: 0) {
  """How many livestreams RealtimeKit counts in the range."""
  count: Int!
  """
  How long frames were arriving, in seconds, summed over all livestreams.
  """
  ingestSeconds: Float!
  """How long they were watched, in seconds, summed over all viewers."""
  viewerSeconds: Float!
  """
  The same day by day, oldest first. A day without livestreams may be left out.
  """
  days: [LivestreamAnalyticsDay!]!
}

"""How much was livestreamed and watched on a day."""
type LivestreamAnalyticsDay @cost(weight: 0) {
  """The day, as RealtimeKit names it."""
  date: Date!
  """How many livestreams RealtimeKit counts on the day."""
  count: Int!
  """
  How long frames were arriving, in seconds, summed over all livestreams.
  """
  ingestSeconds: Float!
  """How long they were watched, in seconds, summed over all viewers."""
  viewerSeconds: Float!
}

"""One run of a livestream, from its start to its stop."""
type LivestreamSession @key(fields: "id") @cost(weight: 0) @requiresScopes(scopes: [["livestream:read"]]) {
  """The session's id in RealtimeKit."""
  id: ID!
  """The livestream that this is a run of."""
  livestream: Livestream @cost(weight: 1)
  """Why the session failed; null when it did not."""
  errorMessage: String
  """
  How long frames have been arriving, in seconds. RealtimeKit brings it up to date every 40 to 50 seconds.
  """
  ingestSeconds: Float
  """
  How long it has been watched, in seconds, summed over all viewers. RealtimeKit brings it up to date every 40 to 50 seconds.
  """
  viewerSeconds: Float
  """
  When the session was asked for. RealtimeKit tells it for active sessions only.
  """
  invokedAt: DateTime
  """When the first frames arrived."""
  startedAt: DateTime
  """When the session ended; null while it runs."""
  stoppedAt: DateTime
  """When the session's record was created."""
  createdAt: DateTime
  """When the session's record was last changed."""
  updatedAt: DateTime
}

"""A page of livestream sessions."""
type LivestreamSessionConnection @cost(weight: 0) {
  """
  The page's sessions, each with its cursor. RealtimeKit may give them one at a time.
  """
  edges: [LivestreamSessionEdge!]! @cost(weight: 1)
  """The page's sessions alone, in the same order as \`edges\`."""
  nodes: [LivestreamSession!]! @cost(weight: 1)
  """Where the page stands in the whole list."""
  pageInfo: PageInfo!
  """
  How many sessions the whole list holds; null when RealtimeKit does not tell.
  """
  totalCount: Int
}

"""A livestream session and its place in the list."""
type LivestreamSessionEdge @cost(weight: 0) {
  """The session's place in the list, to be passed as \`after\`."""
  cursor: String!
  """The session."""
  node: LivestreamSession!
}

"""
A RealtimeKit meeting: the room whose sound and picture a livestream sends out.
"""
type Meeting @key(fields: "id") @cost(weight: 0) {
  """The meeting's id in RealtimeKit."""
  id: ID!
  """The meeting's title."""
  title: String @requiresScopes(scopes: [["livestream:read"]])
  """Whether the meeting can be joined."""
  status: MeetingStatus @requiresScopes(scopes: [["livestream:read"]])
  """When the meeting was created."""
  createdAt: DateTime @requiresScopes(scopes: [["livestream:read"]])
  """When the meeting was last changed."""
  updatedAt: DateTime @requiresScopes(scopes: [["livestream:read"]])
  """
  The livestream that is \`LIVE\` or \`INVOKED\` in this meeting now; null when there is none.
  """
  activeLivestream: Livestream @cost(weight: 1) @requiresScopes(scopes: [["livestream:read"]])
  """All livestreams of this meeting, past ones included, page by page."""
  livestreams(
    """How many livestreams to give, 1 to 100."""
    first: Int = 25
    """
    Give the livestreams that follow this cursor, taken from \`pageInfo.endCursor\` or an edge of the same list.
    """
    after: String
  ): LivestreamConnection! @cost(weight: 1) @listSize(assumedSize: 25, slicingArguments: ["first"], sizedFields: ["edges", "nodes"], requireOneSlicingArgument: false) @requiresScopes(scopes: [["livestream:read"]])
}

"""Whether a meeting can be joined."""
enum MeetingStatus {
  """The meeting can be joined."""
  ACTIVE
  """The meeting is closed: nobody can join."""
  INACTIVE
  """A status that this gateway does not know, or none at all."""
  UNKNOWN
}

"""A page of meetings."""
type MeetingConnection @cost(weight: 0) {
  """The page's meetings, each with its cursor."""
  edges: [MeetingEdge!]!
  """The page's meetings alone, in the same order as \`edges\`."""
  nodes: [Meeting!]!
  """Where the page stands in the whole list."""
  pageInfo: PageInfo!
  """
  How many meetings the whole list holds; null when RealtimeKit does not tell.
  """
  totalCount: Int
}

"""A meeting and its place in the list."""
type MeetingEdge @cost(weight: 0) {
  """The meeting's place in the list, to be passed as \`after\`."""
  cursor: String!
  """The meeting."""
  node: Meeting!
}

"""
The upstream's request limit as the gateway sees it: by the upstream's own word, and by the gateway's count in between. Reading it costs no upstream request.
"""
type UpstreamBudget @cost(weight: 0) {
  """How many requests a whole window of time allows."""
  limit: Int!
  """How many of them are left. The last tenth is kept for mutations."""
  remaining: Int!
  """When the window ends and the whole limit is there again."""
  resetsAt: DateTime!
}

"""
A moment in time, as RFC 3339 text in UTC with milliseconds, for example \`2026-03-14T09:26:53.589Z\`.
"""
scalar DateTime @specifiedBy(url: "https://datatracker.ietf.org/doc/html/rfc3339#section-5.6")

"""A day, as an RFC 3339 full-date, for example \`2026-03-14\`."""
scalar Date @specifiedBy(url: "https://datatracker.ietf.org/doc/html/rfc3339#section-5.6")

"""An absolute web address."""
scalar URL @specifiedBy(url: "https://url.spec.whatwg.org/")

"""Everything that can be changed."""
type Mutation {
  """
  Starts livestreaming a meeting. It is sent to RealtimeKit once, never repeated: when the answer is lost, the meeting's
  active livestream is read back to find out what happened.
  """
  startLivestream(
    """What to start."""
    input: StartLivestreamInput!
  ): StartLivestreamPayload @cost(weight: 2) @requiresScopes(scopes: [["livestream:write"]])
  """
  Stops the active livestream of a meeting. It is sent to RealtimeKit once, never repeated.
  """
  stopLivestream(
    """What to stop."""
    input: StopLivestreamInput!
  ): StopLivestreamPayload @cost(weight: 1) @requiresScopes(scopes: [["livestream:write"]])
}

"""Where a page of a connection stands in the whole list."""
type PageInfo @shareable @cost(weight: 0) {
  """Whether more rows follow the last one of this page."""
  hasNextPage: Boolean!
  """Whether rows stand before the first one of this page."""
  hasPreviousPage: Boolean!
  """The cursor of the page's first row; null when the page is empty."""
  startCursor: String
  """
  The cursor of the page's last row, to be passed as \`after\` for the next page; null when the page is empty.
  """
  endCursor: String
}

"""
What the caller has to handle. It stands in the data because routers mask a subgraph's errors.
"""
type UserError @shareable @cost(weight: 0) {
  """What went wrong, for programs."""
  code: UserErrorCode!
  """What went wrong and what to do about it, for people."""
  message: String!
  """
  The path of the input field that caused it, from the argument's name on; null when no single field did.
  """
  field: [String!]
}

"""Why a mutation did not do what it was asked."""
enum UserErrorCode {
  """A value of the input was refused; nothing was changed."""
  BAD_USER_INPUT
  """
  The meeting does not exist, or it has no active livestream to stop; nothing was changed.
  """
  NOT_FOUND
  """The meeting is being livestreamed already; nothing was changed."""
  CONFLICT
  """
  The request was sent, its answer never came, and reading back did not settle whether it was carried out. Look at \`Meeting.activeLivestream\` before trying again.
  """
  OUTCOME_UNKNOWN
}

"""This subgraph as federation sees it."""
type _Service @cost(weight: 0) {
  """The schema in GraphQL's schema language, with federation's directives."""
  sdl: String!
}

"""An entity that other subgraphs can refer to."""
union _Entity = Meeting | Livestream | LivestreamSession

"""
A representation of an entity: its \`__typename\` and the fields of its key.
"""
scalar _Any

"""A selection of fields, as text."""
scalar federation__FieldSet

"""A scope that a caller may have."""
scalar federation__Scope

"""A name that is imported from a specification."""
scalar link__Import

"""What a linked specification is for."""
enum link__Purpose {
  """It has to be understood for the data to be kept safe."""
  SECURITY
  """It has to be understood for operations to be executed."""
  EXECUTION
}

"""What to start."""
input StartLivestreamInput {
  """
  The id of the meeting to livestream: 1 to 64 letters, digits and hyphens.
  """
  meetingId: ID!
  """A name for the livestream."""
  name: String
  """The size of the picture; RealtimeKit's own default when absent."""
  video: VideoConfigInput
}

"""The size of a livestream's picture."""
input VideoConfigInput {
  """Width in pixels, 1 or more."""
  width: Int!
  """Height in pixels, 1 or more."""
  height: Int!
}

"""What came of \`startLivestream\`."""
type StartLivestreamPayload @cost(weight: 0) {
  """
  The livestream that was started; null when \`userErrors\` says why none was.
  """
  livestream: Livestream
  """
  The meeting that was to be livestreamed; null when there is no such meeting.
  """
  meeting: Meeting @cost(weight: 1)
  """What the caller has to handle; empty when the livestream was started."""
  userErrors: [UserError!]!
}

"""What to stop."""
input StopLivestreamInput {
  """
  The id of the meeting whose livestream is to stop: 1 to 64 letters, digits and hyphens.
  """
  meetingId: ID!
}

"""What came of \`stopLivestream\`."""
type StopLivestreamPayload @cost(weight: 0) {
  """
  The livestream that was stopped, in its new state; null when \`userErrors\` says why none was.
  """
  livestream: Livestream @cost(weight: 2)
  """
  The meeting whose livestream was to stop; null when there is no such meeting.
  """
  meeting: Meeting @cost(weight: 1)
  """What the caller has to handle; empty when the livestream was stopped."""
  userErrors: [UserError!]!
}

"""Everything that can be watched."""
type Subscription {
  """
  Every change of a livestream: its status, its playback URL, its name, its active session. The present state comes at once, then
  each new one, the latest where several came while nobody was reading. Without an argument: all of the app's livestreams that are
  \`LIVE\` or \`INVOKED\`, and what becomes of them.
  """
  livestreamUpdated(
    """Only this livestream."""
    livestreamId: ID
    """Only the livestreams of this meeting."""
    meetingId: ID
  ): Livestream! @cost(weight: 2) @requiresScopes(scopes: [["livestream:read"]])
}`;
