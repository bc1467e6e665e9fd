/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** Conditions for a list of livestreams. A livestream must meet all conditions that are set. */
export type LivestreamFilter = {
  /** Whether to exclude the livestreams of meetings, so that the list contains only independent livestreams. */
  excludeMeetings?: boolean | null | undefined;
  /** Includes only livestreams from this date and time on. */
  from?: string | null | undefined;
  /** Includes only livestreams in this status. `UNKNOWN` is not allowed. */
  status?: LivestreamStatus | null | undefined;
  /** Includes only livestreams up to this date and time. */
  to?: string | null | undefined;
};

/** The possible orders of a list of livestreams. */
export type LivestreamOrder =
  /** By creation date, oldest first. */
  | 'CREATED_AT_ASC'
  /** By creation date, newest first. */
  | 'CREATED_AT_DESC';

/** Where a livestream is in its life. */
export type LivestreamStatus =
  /** The broadcast failed. The session's `errorMessage` contains the reason. */
  | 'ERRORED'
  /** The livestream was stopped, or never started. */
  | 'IDLE'
  /** The livestream was started and is waiting for the first video. */
  | 'INVOKED'
  /** Video is arriving, and viewers can watch. */
  | 'LIVE'
  /** The livestream was stopped. RealtimeKit uses this name in webhook events. */
  | 'OFFLINE'
  /** The status is missing or not known to this gateway. */
  | 'UNKNOWN';

/** The possible statuses of a meeting. */
export type MeetingStatus =
  /** Participants can join the meeting. */
  | 'ACTIVE'
  /** The meeting is closed. Nobody can join. */
  | 'INACTIVE'
  /** The status is missing or not known to this gateway. */
  | 'UNKNOWN';

/** The input of `startLivestream`. */
export type StartLivestreamInput = {
  /** The ID of the meeting to livestream: 1 to 64 letters, digits and hyphens. */
  meetingId: string;
  /** The name of the new livestream. */
  name?: string | null | undefined;
  /** The size of the video. Without a value, RealtimeKit uses its default. */
  video?: VideoConfigInput | null | undefined;
};

/** The possible error codes of a mutation. */
export type UserErrorCode =
  /** An input value is invalid. Nothing was changed. */
  | 'BAD_USER_INPUT'
  /** The meeting already has an active livestream. Nothing was changed. */
  | 'CONFLICT'
  /** The meeting does not exist, or has no active livestream to stop. Nothing was changed. */
  | 'NOT_FOUND'
  /** The request was sent but no response arrived, and reading the meeting back did not show whether the request succeeded. Check `Meeting.activeLivestream` before you retry. */
  | 'OUTCOME_UNKNOWN';

/** The size of a livestream's video. */
export type VideoConfigInput = {
  /** The height in pixels, at least 1. */
  height: number;
  /** The width in pixels, at least 1. */
  width: number;
};

export type LivestreamNameQueryVariables = Exact<{
  id: string;
}>;


export type LivestreamNameQuery = { livestream: { name: string | null } | null };

export type SessionCountsQueryVariables = Exact<{ [key: string]: never; }>;


export type SessionCountsQuery = { livestreams: { nodes: Array<{ sessions: { totalCount: number | null } }> } };

export type StartThenCancelMutationVariables = Exact<{
  meetingId: string;
}>;


export type StartThenCancelMutation = { startLivestream: { livestream: { id: string } | null } | null };

export type OneLivestreamQueryVariables = Exact<{
  id: string;
}>;


export type OneLivestreamQuery = { livestream: { name: string | null } | null };

export type FiftyWithSessionsQueryVariables = Exact<{ [key: string]: never; }>;


export type FiftyWithSessionsQuery = { livestreams: { nodes: Array<{ id: string, activeSession: { id: string } | null }> } };

export type EveryIdQueryVariables = Exact<{
  id: string;
}>;


export type EveryIdQuery = { meeting: { id: string, title: string | null } | null, livestream: { id: string } | null, livestreamSession: { id: string } | null };

export type EveryIdOfMutationsMutationVariables = Exact<{
  id: string;
}>;


export type EveryIdOfMutationsMutation = { startLivestream: { userErrors: Array<{ code: UserErrorCode }> } | null, stopLivestream: { userErrors: Array<{ code: UserErrorCode }> } | null };

export type StartMutationVariables = Exact<{
  input: StartLivestreamInput;
}>;


export type StartMutation = { startLivestream: { livestream: { id: string, name: string | null, status: LivestreamStatus } | null, meeting: { id: string } | null, userErrors: Array<{ code: UserErrorCode, message: string, field: Array<string> | null }> } | null };

export type StartInFullMutationVariables = Exact<{
  input: StartLivestreamInput;
}>;


export type StartInFullMutation = { startLivestream: { livestream: { id: string, name: string | null, status: LivestreamStatus, disabled: boolean | null, ingestServer: string | null, streamKey: string | null, playbackUrl: string | null, createdAt: string | null, updatedAt: string | null, meeting: { id: string, title: string | null } | null, activeSession: { id: string, invokedAt: string | null, startedAt: string | null } | null } | null, meeting: { activeLivestream: { id: string, name: string | null } | null } | null, userErrors: Array<{ code: UserErrorCode }> } | null };

export type StopMutationVariables = Exact<{
  meetingId: string;
}>;


export type StopMutation = { stopLivestream: { livestream: { id: string, name: string | null, status: LivestreamStatus, activeSession: { id: string } | null } | null, meeting: { id: string, activeLivestream: { id: string } | null } | null, userErrors: Array<{ code: UserErrorCode, message: string, field: Array<string> | null }> } | null };

export type ActiveQueryVariables = Exact<{
  id: string;
}>;


export type ActiveQuery = { meeting: { activeLivestream: { id: string, status: LivestreamStatus } | null } | null };

export type StopStartStopMutationVariables = Exact<{
  meetingId: string;
}>;


export type StopStartStopMutation = { before: { livestream: { id: string, status: LivestreamStatus } | null, meeting: { activeLivestream: { id: string } | null } | null } | null, started: { livestream: { id: string } | null, meeting: { activeLivestream: { id: string, status: LivestreamStatus } | null } | null } | null, after: { livestream: { id: string, status: LivestreamStatus } | null, meeting: { activeLivestream: { id: string } | null } | null } | null };

export type StopResultFragment = { livestream: { id: string, status: LivestreamStatus } | null, meeting: { activeLivestream: { id: string } | null } | null };

export type StopBetweenReadsMutationVariables = Exact<{
  meetingId: string;
}>;


export type StopBetweenReadsMutation = { before: { meeting: { activeLivestream: { id: string, status: LivestreamStatus } | null } | null } | null, stopLivestream: { meeting: { activeLivestream: { id: string } | null } | null } | null, after: { meeting: { activeLivestream: { id: string } | null } | null } | null };

export type LivestreamsPageQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  filter?: LivestreamFilter | null | undefined;
  orderBy?: LivestreamOrder | null | undefined;
}>;


export type LivestreamsPageQuery = { livestreams: { totalCount: number | null, edges: Array<{ cursor: string, node: { id: string } }>, nodes: Array<{ id: string, status: LivestreamStatus, createdAt: string | null, meeting: { id: string } | null }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } } };

export type MeetingsPageQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  search?: string | null | undefined;
}>;


export type MeetingsPageQuery = { meetings: { totalCount: number | null, edges: Array<{ cursor: string, node: { id: string } }>, nodes: Array<{ id: string, title: string | null }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } } };

export type MeetingLivestreamsPageQueryVariables = Exact<{
  id: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type MeetingLivestreamsPageQuery = { meeting: { livestreams: { totalCount: number | null, edges: Array<{ cursor: string, node: { id: string } }>, nodes: Array<{ id: string }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } } } | null };

export type EverythingQueryVariables = Exact<{
  meetingId: string;
  livestreamId: string;
  idleId: string;
  erroredSessionId: string;
  independentSessionId: string;
}>;


export type EverythingQuery = { meeting: { id: string, title: string | null, status: MeetingStatus | null, createdAt: string | null, updatedAt: string | null, activeLivestream: { id: string, name: string | null, status: LivestreamStatus, disabled: boolean | null, ingestServer: string | null, streamKey: string | null, playbackUrl: string | null, createdAt: string | null, updatedAt: string | null, meeting: { id: string, title: string | null, status: MeetingStatus | null, createdAt: string | null, updatedAt: string | null } | null, activeSession: { id: string, errorMessage: string | null, ingestSeconds: number | null, viewerSeconds: number | null, invokedAt: string | null, startedAt: string | null, stoppedAt: string | null, createdAt: string | null, updatedAt: string | null } | null } | null, livestreams: { totalCount: number | null, edges: Array<{ node: { id: string, name: string | null, status: LivestreamStatus, disabled: boolean | null, ingestServer: string | null, streamKey: string | null, playbackUrl: string | null, createdAt: string | null, updatedAt: string | null, meeting: { id: string, title: string | null, status: MeetingStatus | null, createdAt: string | null, updatedAt: string | null } | null, activeSession: { id: string, errorMessage: string | null, ingestSeconds: number | null, viewerSeconds: number | null, invokedAt: string | null, startedAt: string | null, stoppedAt: string | null, createdAt: string | null, updatedAt: string | null } | null } }>, nodes: Array<{ id: string, name: string | null, status: LivestreamStatus, disabled: boolean | null, ingestServer: string | null, streamKey: string | null, playbackUrl: string | null, createdAt: string | null, updatedAt: string | null, meeting: { id: string, title: string | null, status: MeetingStatus | null, createdAt: string | null, updatedAt: string | null } | null, activeSession: { id: string, errorMessage: string | null, ingestSeconds: number | null, viewerSeconds: number | null, invokedAt: string | null, startedAt: string | null, stoppedAt: string | null, createdAt: string | null, updatedAt: string | null } | null }> } } | null, meetings: { totalCount: number | null, edges: Array<{ node: { id: string, title: string | null, status: MeetingStatus | null, createdAt: string | null, updatedAt: string | null } }>, nodes: Array<{ id: string, title: string | null, status: MeetingStatus | null, createdAt: string | null, updatedAt: string | null }> }, livestream: { id: string, name: string | null, status: LivestreamStatus, disabled: boolean | null, ingestServer: string | null, streamKey: string | null, playbackUrl: string | null, createdAt: string | null, updatedAt: string | null, meeting: { id: string, title: string | null, status: MeetingStatus | null, createdAt: string | null, updatedAt: string | null } | null, activeSession: { id: string, errorMessage: string | null, ingestSeconds: number | null, viewerSeconds: number | null, invokedAt: string | null, startedAt: string | null, stoppedAt: string | null, createdAt: string | null, updatedAt: string | null } | null } | null, idle: { id: string, name: string | null, status: LivestreamStatus, disabled: boolean | null, ingestServer: string | null, streamKey: string | null, playbackUrl: string | null, createdAt: string | null, updatedAt: string | null, meeting: { id: string, title: string | null, status: MeetingStatus | null, createdAt: string | null, updatedAt: string | null } | null, activeSession: { id: string, errorMessage: string | null, ingestSeconds: number | null, viewerSeconds: number | null, invokedAt: string | null, startedAt: string | null, stoppedAt: string | null, createdAt: string | null, updatedAt: string | null } | null } | null, livestreams: { totalCount: number | null, edges: Array<{ node: { id: string, name: string | null, status: LivestreamStatus, disabled: boolean | null, ingestServer: string | null, streamKey: string | null, playbackUrl: string | null, createdAt: string | null, updatedAt: string | null, meeting: { id: string, title: string | null, status: MeetingStatus | null, createdAt: string | null, updatedAt: string | null } | null, activeSession: { id: string, errorMessage: string | null, ingestSeconds: number | null, viewerSeconds: number | null, invokedAt: string | null, startedAt: string | null, stoppedAt: string | null, createdAt: string | null, updatedAt: string | null } | null } }>, nodes: Array<{ id: string, name: string | null, status: LivestreamStatus, disabled: boolean | null, ingestServer: string | null, streamKey: string | null, playbackUrl: string | null, createdAt: string | null, updatedAt: string | null, meeting: { id: string, title: string | null, status: MeetingStatus | null, createdAt: string | null, updatedAt: string | null } | null, activeSession: { id: string, errorMessage: string | null, ingestSeconds: number | null, viewerSeconds: number | null, invokedAt: string | null, startedAt: string | null, stoppedAt: string | null, createdAt: string | null, updatedAt: string | null } | null }> }, livestreamSession: { id: string, errorMessage: string | null, ingestSeconds: number | null, viewerSeconds: number | null, invokedAt: string | null, startedAt: string | null, stoppedAt: string | null, createdAt: string | null, updatedAt: string | null, livestream: { id: string, name: string | null, status: LivestreamStatus, disabled: boolean | null, ingestServer: string | null, streamKey: string | null, playbackUrl: string | null, createdAt: string | null, updatedAt: string | null, meeting: { id: string, title: string | null, status: MeetingStatus | null, createdAt: string | null, updatedAt: string | null } | null, activeSession: { id: string, errorMessage: string | null, ingestSeconds: number | null, viewerSeconds: number | null, invokedAt: string | null, startedAt: string | null, stoppedAt: string | null, createdAt: string | null, updatedAt: string | null } | null } | null } | null, independent: { id: string, errorMessage: string | null, ingestSeconds: number | null, viewerSeconds: number | null, invokedAt: string | null, startedAt: string | null, stoppedAt: string | null, createdAt: string | null, updatedAt: string | null } | null };

export type MeetingFieldsFragment = { id: string, title: string | null, status: MeetingStatus | null, createdAt: string | null, updatedAt: string | null };

export type LivestreamFieldsFragment = { id: string, name: string | null, status: LivestreamStatus, disabled: boolean | null, ingestServer: string | null, streamKey: string | null, playbackUrl: string | null, createdAt: string | null, updatedAt: string | null, meeting: { id: string, title: string | null, status: MeetingStatus | null, createdAt: string | null, updatedAt: string | null } | null, activeSession: { id: string, errorMessage: string | null, ingestSeconds: number | null, viewerSeconds: number | null, invokedAt: string | null, startedAt: string | null, stoppedAt: string | null, createdAt: string | null, updatedAt: string | null } | null };

export type SessionFieldsFragment = { id: string, errorMessage: string | null, ingestSeconds: number | null, viewerSeconds: number | null, invokedAt: string | null, startedAt: string | null, stoppedAt: string | null, createdAt: string | null, updatedAt: string | null };

export type LivestreamsFieldsFragment = { totalCount: number | null, edges: Array<{ node: { id: string, name: string | null, status: LivestreamStatus, disabled: boolean | null, ingestServer: string | null, streamKey: string | null, playbackUrl: string | null, createdAt: string | null, updatedAt: string | null, meeting: { id: string, title: string | null, status: MeetingStatus | null, createdAt: string | null, updatedAt: string | null } | null, activeSession: { id: string, errorMessage: string | null, ingestSeconds: number | null, viewerSeconds: number | null, invokedAt: string | null, startedAt: string | null, stoppedAt: string | null, createdAt: string | null, updatedAt: string | null } | null } }>, nodes: Array<{ id: string, name: string | null, status: LivestreamStatus, disabled: boolean | null, ingestServer: string | null, streamKey: string | null, playbackUrl: string | null, createdAt: string | null, updatedAt: string | null, meeting: { id: string, title: string | null, status: MeetingStatus | null, createdAt: string | null, updatedAt: string | null } | null, activeSession: { id: string, errorMessage: string | null, ingestSeconds: number | null, viewerSeconds: number | null, invokedAt: string | null, startedAt: string | null, stoppedAt: string | null, createdAt: string | null, updatedAt: string | null } | null }> };

export type NotFoundQueryVariables = Exact<{
  id: string;
  emptyMeetingId: string;
  erroredLivestreamId: string;
}>;


export type NotFoundQuery = { livestream: { id: string } | null, livestreamSession: { id: string } | null, meeting: { id: string, title: string | null, status: MeetingStatus | null, createdAt: string | null, updatedAt: string | null, activeLivestream: { id: string } | null, livestreams: { totalCount: number | null, nodes: Array<{ id: string }> } } | null, quiet: { activeLivestream: { id: string } | null } | null, failed: { id: string, activeSession: { id: string } | null } | null };

export type IndependentQueryVariables = Exact<{
  id: string;
}>;


export type IndependentQuery = { livestream: { name: string | null, meeting: { id: string } | null, activeSession: { id: string } | null } | null };

export type MeetingWithSessionQueryVariables = Exact<{
  id: string;
}>;


export type MeetingWithSessionQuery = { meeting: { id: string, activeLivestream: { id: string, status: LivestreamStatus, name: string | null, playbackUrl: string | null, activeSession: { id: string, viewerSeconds: number | null } | null } | null } | null };

export type LiveWithSessionsQueryVariables = Exact<{
  first: number;
  filter?: LivestreamFilter | null | undefined;
}>;


export type LiveWithSessionsQuery = { livestreams: { nodes: Array<{ id: string, status: LivestreamStatus, activeSession: { id: string, livestream: { id: string, name: string | null } | null } | null }> } };

export type MeetingIdAloneQueryVariables = Exact<{
  id: string;
}>;


export type MeetingIdAloneQuery = { meeting: { id: string } | null };

export type LivestreamWithSessionQueryVariables = Exact<{
  id: string;
}>;


export type LivestreamWithSessionQuery = { livestream: { status: LivestreamStatus, activeSession: { id: string } | null } | null };

export type StartWithSessionMutationVariables = Exact<{
  meetingId: string;
}>;


export type StartWithSessionMutation = { startLivestream: { livestream: { id: string, activeSession: { livestream: { createdAt: string | null, name: string | null } | null } | null } | null } | null };

export type SessionWithLivestreamIdQueryVariables = Exact<{
  id: string;
}>;


export type SessionWithLivestreamIdQuery = { livestreamSession: { id: string, livestream: { __typename: 'Livestream', id: string } | null } | null };

export type ActiveLivestreamsOfPageQueryVariables = Exact<{ [key: string]: never; }>;


export type ActiveLivestreamsOfPageQuery = { livestreams: { nodes: Array<{ id: string, meeting: { activeLivestream: { id: string, name: string | null } | null } | null }> } };

export type ListThenLivestreamQueryVariables = Exact<{
  id: string;
}>;


export type ListThenLivestreamQuery = { livestreams: { totalCount: number | null }, livestreamSession: { livestream: { id: string, name: string | null } | null } | null };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const StopResultFragmentDoc = new TypedDocumentString(`
    fragment StopResult on StopLivestreamPayload {
  livestream {
    id
    status
  }
  meeting {
    activeLivestream {
      id
    }
  }
}
    `, {"fragmentName":"StopResult"}) as unknown as TypedDocumentString<StopResultFragment, unknown>;
export const MeetingFieldsFragmentDoc = new TypedDocumentString(`
    fragment MeetingFields on Meeting {
  id
  title
  status
  createdAt
  updatedAt
}
    `, {"fragmentName":"MeetingFields"}) as unknown as TypedDocumentString<MeetingFieldsFragment, unknown>;
export const SessionFieldsFragmentDoc = new TypedDocumentString(`
    fragment SessionFields on LivestreamSession {
  id
  errorMessage
  ingestSeconds
  viewerSeconds
  invokedAt
  startedAt
  stoppedAt
  createdAt
  updatedAt
}
    `, {"fragmentName":"SessionFields"}) as unknown as TypedDocumentString<SessionFieldsFragment, unknown>;
export const LivestreamFieldsFragmentDoc = new TypedDocumentString(`
    fragment LivestreamFields on Livestream {
  id
  name
  status
  disabled
  ingestServer
  streamKey
  playbackUrl
  createdAt
  updatedAt
  meeting {
    ...MeetingFields
  }
  activeSession {
    ...SessionFields
  }
}
    fragment MeetingFields on Meeting {
  id
  title
  status
  createdAt
  updatedAt
}
fragment SessionFields on LivestreamSession {
  id
  errorMessage
  ingestSeconds
  viewerSeconds
  invokedAt
  startedAt
  stoppedAt
  createdAt
  updatedAt
}`, {"fragmentName":"LivestreamFields"}) as unknown as TypedDocumentString<LivestreamFieldsFragment, unknown>;
export const LivestreamsFieldsFragmentDoc = new TypedDocumentString(`
    fragment LivestreamsFields on LivestreamConnection {
  edges {
    node {
      ...LivestreamFields
    }
  }
  nodes {
    ...LivestreamFields
  }
  totalCount
}
    fragment MeetingFields on Meeting {
  id
  title
  status
  createdAt
  updatedAt
}
fragment LivestreamFields on Livestream {
  id
  name
  status
  disabled
  ingestServer
  streamKey
  playbackUrl
  createdAt
  updatedAt
  meeting {
    ...MeetingFields
  }
  activeSession {
    ...SessionFields
  }
}
fragment SessionFields on LivestreamSession {
  id
  errorMessage
  ingestSeconds
  viewerSeconds
  invokedAt
  startedAt
  stoppedAt
  createdAt
  updatedAt
}`, {"fragmentName":"LivestreamsFields"}) as unknown as TypedDocumentString<LivestreamsFieldsFragment, unknown>;
export const LivestreamNameDocument = new TypedDocumentString(`
    query LivestreamName($id: ID!) {
  livestream(id: $id) {
    name
  }
}
    `) as unknown as TypedDocumentString<LivestreamNameQuery, LivestreamNameQueryVariables>;
export const SessionCountsDocument = new TypedDocumentString(`
    query SessionCounts {
  livestreams(first: 100) {
    nodes {
      sessions(first: 1) {
        totalCount
      }
    }
  }
}
    `) as unknown as TypedDocumentString<SessionCountsQuery, SessionCountsQueryVariables>;
export const StartThenCancelDocument = new TypedDocumentString(`
    mutation StartThenCancel($meetingId: ID!) {
  startLivestream(input: {meetingId: $meetingId}) {
    livestream {
      id
    }
  }
}
    `) as unknown as TypedDocumentString<StartThenCancelMutation, StartThenCancelMutationVariables>;
export const OneLivestreamDocument = new TypedDocumentString(`
    query OneLivestream($id: ID!) {
  livestream(id: $id) {
    name
  }
}
    `) as unknown as TypedDocumentString<OneLivestreamQuery, OneLivestreamQueryVariables>;
export const FiftyWithSessionsDocument = new TypedDocumentString(`
    query FiftyWithSessions {
  livestreams(first: 50, filter: {status: LIVE}) {
    nodes {
      id
      activeSession {
        id
      }
    }
  }
}
    `) as unknown as TypedDocumentString<FiftyWithSessionsQuery, FiftyWithSessionsQueryVariables>;
export const EveryIdDocument = new TypedDocumentString(`
    query EveryId($id: ID!) {
  meeting(id: $id) {
    id
    title
  }
  livestream(id: $id) {
    id
  }
  livestreamSession(id: $id) {
    id
  }
}
    `) as unknown as TypedDocumentString<EveryIdQuery, EveryIdQueryVariables>;
export const EveryIdOfMutationsDocument = new TypedDocumentString(`
    mutation EveryIdOfMutations($id: ID!) {
  startLivestream(input: {meetingId: $id}) {
    userErrors {
      code
    }
  }
  stopLivestream(input: {meetingId: $id}) {
    userErrors {
      code
    }
  }
}
    `) as unknown as TypedDocumentString<EveryIdOfMutationsMutation, EveryIdOfMutationsMutationVariables>;
export const StartDocument = new TypedDocumentString(`
    mutation Start($input: StartLivestreamInput!) {
  startLivestream(input: $input) {
    livestream {
      id
      name
      status
    }
    meeting {
      id
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<StartMutation, StartMutationVariables>;
export const StartInFullDocument = new TypedDocumentString(`
    mutation StartInFull($input: StartLivestreamInput!) {
  startLivestream(input: $input) {
    livestream {
      id
      name
      status
      disabled
      ingestServer
      streamKey
      playbackUrl
      createdAt
      updatedAt
      meeting {
        id
        title
      }
      activeSession {
        id
        invokedAt
        startedAt
      }
    }
    meeting {
      activeLivestream {
        id
        name
      }
    }
    userErrors {
      code
    }
  }
}
    `) as unknown as TypedDocumentString<StartInFullMutation, StartInFullMutationVariables>;
export const StopDocument = new TypedDocumentString(`
    mutation Stop($meetingId: ID!) {
  stopLivestream(input: {meetingId: $meetingId}) {
    livestream {
      id
      name
      status
      activeSession {
        id
      }
    }
    meeting {
      id
      activeLivestream {
        id
      }
    }
    userErrors {
      code
      message
      field
    }
  }
}
    `) as unknown as TypedDocumentString<StopMutation, StopMutationVariables>;
export const ActiveDocument = new TypedDocumentString(`
    query Active($id: ID!) {
  meeting(id: $id) {
    activeLivestream {
      id
      status
    }
  }
}
    `) as unknown as TypedDocumentString<ActiveQuery, ActiveQueryVariables>;
export const StopStartStopDocument = new TypedDocumentString(`
    mutation StopStartStop($meetingId: ID!) {
  before: stopLivestream(input: {meetingId: $meetingId}) {
    ...StopResult
  }
  started: startLivestream(input: {meetingId: $meetingId}) {
    livestream {
      id
    }
    meeting {
      activeLivestream {
        id
        status
      }
    }
  }
  after: stopLivestream(input: {meetingId: $meetingId}) {
    ...StopResult
  }
}
    fragment StopResult on StopLivestreamPayload {
  livestream {
    id
    status
  }
  meeting {
    activeLivestream {
      id
    }
  }
}`) as unknown as TypedDocumentString<StopStartStopMutation, StopStartStopMutationVariables>;
export const StopBetweenReadsDocument = new TypedDocumentString(`
    mutation StopBetweenReads($meetingId: ID!) {
  before: startLivestream(
    input: {meetingId: $meetingId, video: {width: 0, height: 1}}
  ) {
    meeting {
      activeLivestream {
        id
        status
      }
    }
  }
  stopLivestream(input: {meetingId: $meetingId}) {
    meeting {
      activeLivestream {
        id
      }
    }
  }
  after: startLivestream(
    input: {meetingId: $meetingId, video: {width: 1, height: 0}}
  ) {
    meeting {
      activeLivestream {
        id
      }
    }
  }
}
    `) as unknown as TypedDocumentString<StopBetweenReadsMutation, StopBetweenReadsMutationVariables>;
export const LivestreamsPageDocument = new TypedDocumentString(`
    query LivestreamsPage($first: Int, $after: String, $filter: LivestreamFilter, $orderBy: LivestreamOrder) {
  livestreams(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
    edges {
      cursor
      node {
        id
      }
    }
    nodes {
      id
      status
      createdAt
      meeting {
        id
      }
    }
    pageInfo {
      hasNextPage
      hasPreviousPage
      startCursor
      endCursor
    }
    totalCount
  }
}
    `) as unknown as TypedDocumentString<LivestreamsPageQuery, LivestreamsPageQueryVariables>;
export const MeetingsPageDocument = new TypedDocumentString(`
    query MeetingsPage($first: Int, $after: String, $search: String) {
  meetings(first: $first, after: $after, search: $search) {
    edges {
      cursor
      node {
        id
      }
    }
    nodes {
      id
      title
    }
    pageInfo {
      hasNextPage
      hasPreviousPage
      startCursor
      endCursor
    }
    totalCount
  }
}
    `) as unknown as TypedDocumentString<MeetingsPageQuery, MeetingsPageQueryVariables>;
export const MeetingLivestreamsPageDocument = new TypedDocumentString(`
    query MeetingLivestreamsPage($id: ID!, $first: Int, $after: String) {
  meeting(id: $id) {
    livestreams(first: $first, after: $after) {
      edges {
        cursor
        node {
          id
        }
      }
      nodes {
        id
      }
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
      totalCount
    }
  }
}
    `) as unknown as TypedDocumentString<MeetingLivestreamsPageQuery, MeetingLivestreamsPageQueryVariables>;
export const EverythingDocument = new TypedDocumentString(`
    query Everything($meetingId: ID!, $livestreamId: ID!, $idleId: ID!, $erroredSessionId: ID!, $independentSessionId: ID!) {
  meeting(id: $meetingId) {
    ...MeetingFields
    activeLivestream {
      ...LivestreamFields
    }
    livestreams(first: 2) {
      ...LivestreamsFields
    }
  }
  meetings(first: 3) {
    edges {
      node {
        ...MeetingFields
      }
    }
    nodes {
      ...MeetingFields
    }
    totalCount
  }
  livestream(id: $livestreamId) {
    ...LivestreamFields
  }
  idle: livestream(id: $idleId) {
    ...LivestreamFields
  }
  livestreams(first: 3) {
    ...LivestreamsFields
  }
  livestreamSession(id: $erroredSessionId) {
    ...SessionFields
    livestream {
      ...LivestreamFields
    }
  }
  independent: livestreamSession(id: $independentSessionId) {
    ...SessionFields
  }
}
    fragment MeetingFields on Meeting {
  id
  title
  status
  createdAt
  updatedAt
}
fragment LivestreamFields on Livestream {
  id
  name
  status
  disabled
  ingestServer
  streamKey
  playbackUrl
  createdAt
  updatedAt
  meeting {
    ...MeetingFields
  }
  activeSession {
    ...SessionFields
  }
}
fragment SessionFields on LivestreamSession {
  id
  errorMessage
  ingestSeconds
  viewerSeconds
  invokedAt
  startedAt
  stoppedAt
  createdAt
  updatedAt
}
fragment LivestreamsFields on LivestreamConnection {
  edges {
    node {
      ...LivestreamFields
    }
  }
  nodes {
    ...LivestreamFields
  }
  totalCount
}`) as unknown as TypedDocumentString<EverythingQuery, EverythingQueryVariables>;
export const NotFoundDocument = new TypedDocumentString(`
    query NotFound($id: ID!, $emptyMeetingId: ID!, $erroredLivestreamId: ID!) {
  livestream(id: $id) {
    id
  }
  livestreamSession(id: $id) {
    id
  }
  meeting(id: $id) {
    id
    title
    status
    createdAt
    updatedAt
    activeLivestream {
      id
    }
    livestreams {
      nodes {
        id
      }
      totalCount
    }
  }
  quiet: meeting(id: $emptyMeetingId) {
    activeLivestream {
      id
    }
  }
  failed: livestream(id: $erroredLivestreamId) {
    id
    activeSession {
      id
    }
  }
}
    `) as unknown as TypedDocumentString<NotFoundQuery, NotFoundQueryVariables>;
export const IndependentDocument = new TypedDocumentString(`
    query Independent($id: ID!) {
  livestream(id: $id) {
    name
    meeting {
      id
    }
    activeSession {
      id
    }
  }
}
    `) as unknown as TypedDocumentString<IndependentQuery, IndependentQueryVariables>;
export const MeetingWithSessionDocument = new TypedDocumentString(`
    query MeetingWithSession($id: ID!) {
  meeting(id: $id) {
    id
    activeLivestream {
      id
      status
      name
      playbackUrl
      activeSession {
        id
        viewerSeconds
      }
    }
  }
}
    `) as unknown as TypedDocumentString<MeetingWithSessionQuery, MeetingWithSessionQueryVariables>;
export const LiveWithSessionsDocument = new TypedDocumentString(`
    query LiveWithSessions($first: Int!, $filter: LivestreamFilter) {
  livestreams(first: $first, filter: $filter) {
    nodes {
      id
      status
      activeSession {
        id
        livestream {
          id
          name
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<LiveWithSessionsQuery, LiveWithSessionsQueryVariables>;
export const MeetingIdAloneDocument = new TypedDocumentString(`
    query MeetingIdAlone($id: ID!) {
  meeting(id: $id) {
    id
  }
}
    `) as unknown as TypedDocumentString<MeetingIdAloneQuery, MeetingIdAloneQueryVariables>;
export const LivestreamWithSessionDocument = new TypedDocumentString(`
    query LivestreamWithSession($id: ID!) {
  livestream(id: $id) {
    status
    activeSession {
      id
    }
  }
}
    `) as unknown as TypedDocumentString<LivestreamWithSessionQuery, LivestreamWithSessionQueryVariables>;
export const StartWithSessionDocument = new TypedDocumentString(`
    mutation StartWithSession($meetingId: ID!) {
  startLivestream(input: {meetingId: $meetingId}) {
    livestream {
      id
      activeSession {
        livestream {
          createdAt
          name
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<StartWithSessionMutation, StartWithSessionMutationVariables>;
export const SessionWithLivestreamIdDocument = new TypedDocumentString(`
    query SessionWithLivestreamId($id: ID!) {
  livestreamSession(id: $id) {
    id
    livestream {
      __typename
      id
    }
  }
}
    `) as unknown as TypedDocumentString<SessionWithLivestreamIdQuery, SessionWithLivestreamIdQueryVariables>;
export const ActiveLivestreamsOfPageDocument = new TypedDocumentString(`
    query ActiveLivestreamsOfPage {
  livestreams(first: 50, filter: {status: LIVE}) {
    nodes {
      id
      meeting {
        activeLivestream {
          id
          name
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<ActiveLivestreamsOfPageQuery, ActiveLivestreamsOfPageQueryVariables>;
export const ListThenLivestreamDocument = new TypedDocumentString(`
    query ListThenLivestream($id: ID!) {
  livestreams(first: 100, filter: {status: LIVE}) {
    totalCount
  }
  livestreamSession(id: $id) {
    livestream {
      id
      name
    }
  }
}
    `) as unknown as TypedDocumentString<ListThenLivestreamQuery, ListThenLivestreamQueryVariables>;