import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { MeetingRef, LivestreamRef, LivestreamSession as LivestreamSessionModel, AnalyticsSource, DayAnalytics, MaybeEntity } from '../domain/models.ts';
import type { Context } from '../graphql/context.ts';
export type Maybe<T> = T | null;
export type InputMaybe<T> = Maybe<T>;
export type Omit<T, K extends keyof T> = Pick<T, Exclude<keyof T, K>>;
export type RequireFields<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /** A date and time in RFC 3339 format, in UTC with milliseconds. Example: `2026-03-14T09:26:53.589Z`. */
  DateTime: { input: Date; output: Date; }
  /** A date in RFC 3339 full-date format. Example: `2026-03-14`. */
  Date: { input: Date; output: string; }
  /** An absolute URL. Example: `https://customer.example.com/manifest/video.m3u8`. */
  URL: { input: string; output: string; }
  /** A representation of an entity: the `__typename` and the key fields. Example: `{ "__typename": "Meeting", "id": "ee92faa1-d467-4416-ab16-59d273777fbb" }`. */
  _Any: { input: unknown; output: unknown; }
  /** A selection set without its outer braces. Example: `id`. */
  federation__FieldSet: { input: string; output: string; }
  /** An authorization scope. Example: `livestream:read`. */
  federation__Scope: { input: string; output: string; }
  /** The name of an imported definition. Example: `@key`. */
  link__Import: { input: string; output: string; }
};

/** The query root. */
export type Query = {
  readonly __typename?: 'Query';
  /** Returns a livestream by ID. Null if the livestream does not exist. Costs one upstream request. */
  readonly livestream?: Maybe<Livestream>;
  /** Lists the livestreams of the app: livestreams of meetings and independent livestreams. Costs one upstream request per page. */
  readonly livestreams: LivestreamConnection;
  /**
   * Returns how much was livestreamed and watched in a range of time, in total and by day. Costs one upstream request for the
   * totals and one for `days`, each only if selected.
   */
  readonly livestreamAnalytics?: Maybe<LivestreamAnalytics>;
  /** Returns a livestream session by ID, whether it is running or has ended. Null if the session does not exist. Costs one upstream request. */
  readonly livestreamSession?: Maybe<LivestreamSession>;
  /** Returns a meeting by ID. Always returns an object: if the meeting does not exist, its other fields are null. Costs one upstream request if `title`, `status`, `createdAt` or `updatedAt` is selected. */
  readonly meeting?: Maybe<Meeting>;
  /** Lists the meetings of the app. Costs one upstream request per page. */
  readonly meetings: MeetingConnection;
  /** Returns the remaining upstream request budget of the account that the caller's operations use. Costs no upstream request. */
  readonly upstreamBudget: UpstreamBudget;
  /** Returns the SDL of the subgraph. Used by routers. */
  readonly _service: _Service;
  /** Returns entities by type and key, in the order of the representations. Null for an entity that does not exist. Used by routers. */
  readonly _entities: ReadonlyArray<Maybe<_Entity>>;
};


/** The query root. */
export type QueryLivestreamArgs = {
  id: Scalars['ID']['input'];
};


/** The query root. */
export type QueryLivestreamsArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<LivestreamFilter>;
  orderBy?: InputMaybe<LivestreamOrder>;
};


/** The query root. */
export type QueryLivestreamAnalyticsArgs = {
  from?: InputMaybe<Scalars['DateTime']['input']>;
  to?: InputMaybe<Scalars['DateTime']['input']>;
};


/** The query root. */
export type QueryLivestreamSessionArgs = {
  id: Scalars['ID']['input'];
};


/** The query root. */
export type QueryMeetingArgs = {
  id: Scalars['ID']['input'];
};


/** The query root. */
export type QueryMeetingsArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
  after?: InputMaybe<Scalars['String']['input']>;
  search?: InputMaybe<Scalars['String']['input']>;
};


/** The query root. */
export type Query_EntitiesArgs = {
  representations: ReadonlyArray<Scalars['_Any']['input']>;
};

/** A broadcast: video arrives at an ingest server, and viewers watch it at a playback URL. */
export type Livestream = {
  readonly __typename?: 'Livestream';
  /** The livestream's ID in RealtimeKit. */
  readonly id: Scalars['ID']['output'];
  /** The livestream's name. Right after a start, the name that was passed to `startLivestream`. */
  readonly name?: Maybe<Scalars['String']['output']>;
  /** The livestream's status. */
  readonly status: LivestreamStatus;
  /** Whether the livestream is disabled. */
  readonly disabled?: Maybe<Scalars['Boolean']['output']>;
  /** The URL of the RTMPS server that an encoder sends audio and video to. */
  readonly ingestServer?: Maybe<Scalars['String']['output']>;
  /** The secret that authenticates an encoder to the ingest server. Anyone who has the stream key can broadcast: keep it out of web pages and logs. */
  readonly streamKey?: Maybe<Scalars['String']['output']>;
  /** The URL of the HLS manifest for viewers. Can be null for a while after a start. */
  readonly playbackUrl?: Maybe<Scalars['URL']['output']>;
  /** The date and time when the livestream was created. */
  readonly createdAt?: Maybe<Scalars['DateTime']['output']>;
  /** The date and time when the livestream was last updated. */
  readonly updatedAt?: Maybe<Scalars['DateTime']['output']>;
  /** The meeting that is livestreamed. Null for an independent livestream. */
  readonly meeting?: Maybe<Meeting>;
  /** The session that is running now. Null if no session is running. Costs one upstream request, or none if the livestream is known to be `IDLE` or `OFFLINE`. */
  readonly activeSession?: Maybe<LivestreamSession>;
  /** Lists all sessions of the livestream, including ended sessions. Costs one upstream request per page, or one per session if RealtimeKit returns sessions one at a time. */
  readonly sessions: LivestreamSessionConnection;
};


/** A broadcast: video arrives at an ingest server, and viewers watch it at a playback URL. */
export type LivestreamSessionsArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
  after?: InputMaybe<Scalars['String']['input']>;
};

/** Where a livestream is in its life. */
export type LivestreamStatus =
  /** Video is arriving, and viewers can watch. */
  | 'LIVE'
  /** The livestream was stopped, or never started. */
  | 'IDLE'
  /** The broadcast failed. The session's `errorMessage` contains the reason. */
  | 'ERRORED'
  /** The livestream was started and is waiting for the first video. */
  | 'INVOKED'
  /** The livestream was stopped. RealtimeKit uses this name in webhook events. */
  | 'OFFLINE'
  /** The status is missing or not known to this gateway. */
  | 'UNKNOWN';

/** Conditions for a list of livestreams. A livestream must meet all conditions that are set. */
export type LivestreamFilter = {
  /** Includes only livestreams in this status. `UNKNOWN` is not allowed. */
  readonly status?: InputMaybe<LivestreamStatus>;
  /** Whether to exclude the livestreams of meetings, so that the list contains only independent livestreams. */
  readonly excludeMeetings?: InputMaybe<Scalars['Boolean']['input']>;
  /** Includes only livestreams from this date and time on. */
  readonly from?: InputMaybe<Scalars['DateTime']['input']>;
  /** Includes only livestreams up to this date and time. */
  readonly to?: InputMaybe<Scalars['DateTime']['input']>;
};

/** The possible orders of a list of livestreams. */
export type LivestreamOrder =
  /** By creation date, oldest first. */
  | 'CREATED_AT_ASC'
  /** By creation date, newest first. */
  | 'CREATED_AT_DESC';

/** A page of a list of livestreams. */
export type LivestreamConnection = {
  readonly __typename?: 'LivestreamConnection';
  /** The livestreams on the page, each with a cursor. */
  readonly edges: ReadonlyArray<LivestreamEdge>;
  /** The livestreams on the page, in the order of `edges`. */
  readonly nodes: ReadonlyArray<Livestream>;
  /** Information for loading the next page. */
  readonly pageInfo: PageInfo;
  /** The total number of livestreams in the list. Null if RealtimeKit does not report it. */
  readonly totalCount?: Maybe<Scalars['Int']['output']>;
};

/** A livestream and its cursor. */
export type LivestreamEdge = {
  readonly __typename?: 'LivestreamEdge';
  /** The position of the livestream in the list. Pass it as `after` to load the livestreams that follow. */
  readonly cursor: Scalars['String']['output'];
  /** The livestream at this position. */
  readonly node: Livestream;
};

/** Analytics of all livestreams in a range of time. A value that RealtimeKit does not report is null, with an error. */
export type LivestreamAnalytics = {
  readonly __typename?: 'LivestreamAnalytics';
  /** The number of livestreams in the range, as counted by RealtimeKit. */
  readonly count?: Maybe<Scalars['Int']['output']>;
  /** The total duration of received video of all livestreams, in seconds. */
  readonly ingestSeconds?: Maybe<Scalars['Float']['output']>;
  /** The total watch time of all viewers, in seconds. */
  readonly viewerSeconds?: Maybe<Scalars['Float']['output']>;
  /** The analytics of each day, oldest first. Days without livestreams can be missing. */
  readonly days?: Maybe<ReadonlyArray<LivestreamAnalyticsDay>>;
};

/** Analytics of all livestreams on a day. A number that RealtimeKit does not report is null, with an error. */
export type LivestreamAnalyticsDay = {
  readonly __typename?: 'LivestreamAnalyticsDay';
  /** The date of the day, as returned by RealtimeKit. Null if RealtimeKit does not say which day it is; such days come last. */
  readonly date?: Maybe<Scalars['Date']['output']>;
  /** The number of livestream sessions on the day, as counted by RealtimeKit. The sum over all days can differ from the range's count of livestreams. */
  readonly count?: Maybe<Scalars['Int']['output']>;
  /** The total duration of received video of all livestreams, in seconds. */
  readonly ingestSeconds?: Maybe<Scalars['Float']['output']>;
  /** The total watch time of all viewers, in seconds. */
  readonly viewerSeconds?: Maybe<Scalars['Float']['output']>;
};

/** A single run of a livestream, from start to stop. */
export type LivestreamSession = {
  readonly __typename?: 'LivestreamSession';
  /** The session's ID in RealtimeKit. */
  readonly id: Scalars['ID']['output'];
  /** The livestream that the session belongs to. Costs one upstream request if a field other than `id` is selected. */
  readonly livestream?: Maybe<Livestream>;
  /** The reason why the session failed. Null if it did not fail. */
  readonly errorMessage?: Maybe<Scalars['String']['output']>;
  /** The duration of the received video, in seconds. RealtimeKit updates this value every 40 to 50 seconds. Before its first update, it can be a placeholder, such as 60. */
  readonly ingestSeconds?: Maybe<Scalars['Float']['output']>;
  /** The total watch time of all viewers, in seconds. RealtimeKit updates this value every 40 to 50 seconds. Before its first update, it can be a placeholder, such as 60. */
  readonly viewerSeconds?: Maybe<Scalars['Float']['output']>;
  /** The date and time when the start of the session was requested. Null for ended sessions, because RealtimeKit reports it for active sessions only. */
  readonly invokedAt?: Maybe<Scalars['DateTime']['output']>;
  /** The date and time when the first video arrived. Null until then. */
  readonly startedAt?: Maybe<Scalars['DateTime']['output']>;
  /** The date and time when the session ended. Null while the session is running. */
  readonly stoppedAt?: Maybe<Scalars['DateTime']['output']>;
  /** The date and time when the session's record was created. */
  readonly createdAt?: Maybe<Scalars['DateTime']['output']>;
  /** The date and time when the session's record was last updated. */
  readonly updatedAt?: Maybe<Scalars['DateTime']['output']>;
};

/** A page of a list of livestream sessions. */
export type LivestreamSessionConnection = {
  readonly __typename?: 'LivestreamSessionConnection';
  /** The sessions on the page, each with a cursor. Costs one upstream request per session if RealtimeKit returns sessions one at a time. */
  readonly edges: ReadonlyArray<LivestreamSessionEdge>;
  /** The sessions on the page, in the order of `edges`. Costs the same as `edges`. */
  readonly nodes: ReadonlyArray<LivestreamSession>;
  /** Information for loading the next page. Costs the same as `edges`. */
  readonly pageInfo: PageInfo;
  /** The total number of sessions in the list. Null if RealtimeKit does not report it. */
  readonly totalCount?: Maybe<Scalars['Int']['output']>;
};

/** A livestream session and its cursor. */
export type LivestreamSessionEdge = {
  readonly __typename?: 'LivestreamSessionEdge';
  /** The position of the session in the list. Pass it as `after` to load the sessions that follow. */
  readonly cursor: Scalars['String']['output'];
  /** The session at this position. */
  readonly node: LivestreamSession;
};

/** A RealtimeKit meeting: a room whose audio and video can be livestreamed. */
export type Meeting = {
  readonly __typename?: 'Meeting';
  /** The meeting's ID in RealtimeKit. */
  readonly id: Scalars['ID']['output'];
  /** The meeting's title. Null if the meeting has no title. */
  readonly title?: Maybe<Scalars['String']['output']>;
  /** The meeting's status, which says whether participants can join. */
  readonly status?: Maybe<MeetingStatus>;
  /** The date and time when the meeting was created. */
  readonly createdAt?: Maybe<Scalars['DateTime']['output']>;
  /** The date and time when the meeting was last updated. */
  readonly updatedAt?: Maybe<Scalars['DateTime']['output']>;
  /** The meeting's livestream that is `LIVE` or `INVOKED` now. Null if there is none. Costs one upstream request. */
  readonly activeLivestream?: Maybe<Livestream>;
  /** Lists all livestreams of the meeting, including past livestreams. Costs one upstream request per page. */
  readonly livestreams: LivestreamConnection;
};


/** A RealtimeKit meeting: a room whose audio and video can be livestreamed. */
export type MeetingLivestreamsArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
  after?: InputMaybe<Scalars['String']['input']>;
};

/** The possible statuses of a meeting. */
export type MeetingStatus =
  /** Participants can join the meeting. */
  | 'ACTIVE'
  /** The meeting is closed. Nobody can join. */
  | 'INACTIVE'
  /** The status is missing or not known to this gateway. */
  | 'UNKNOWN';

/** A page of a list of meetings. */
export type MeetingConnection = {
  readonly __typename?: 'MeetingConnection';
  /** The meetings on the page, each with a cursor. */
  readonly edges: ReadonlyArray<MeetingEdge>;
  /** The meetings on the page, in the order of `edges`. */
  readonly nodes: ReadonlyArray<Meeting>;
  /** Information for loading the next page. */
  readonly pageInfo: PageInfo;
  /** The total number of meetings in the list. Null if RealtimeKit does not report it. */
  readonly totalCount?: Maybe<Scalars['Int']['output']>;
};

/** A meeting and its cursor. */
export type MeetingEdge = {
  readonly __typename?: 'MeetingEdge';
  /** The position of the meeting in the list. Pass it as `after` to load the meetings that follow. */
  readonly cursor: Scalars['String']['output'];
  /** The meeting at this position. */
  readonly node: Meeting;
};

/** The request limit of RealtimeKit, as reported in its responses and counted by the gateway in between. */
export type UpstreamBudget = {
  readonly __typename?: 'UpstreamBudget';
  /** The number of requests allowed in each window of time. */
  readonly limit: Scalars['Int']['output'];
  /** The number of requests left in the current window. Some of them, usually a tenth of the limit, are reserved for mutations. */
  readonly remaining: Scalars['Int']['output'];
  /** The date and time when the current window ends and the full limit becomes available again. */
  readonly resetsAt: Scalars['DateTime']['output'];
  /** The caller's own share of the budget. The whole budget if callers are not distinguished. */
  readonly share: UpstreamBudgetShare;
};

/** The part of the request budget that other callers cannot use up. */
export type UpstreamBudgetShare = {
  readonly __typename?: 'UpstreamBudgetShare';
  /** The number of requests that the caller can send in each window of time. More are lent as the window passes, if others do not need them. */
  readonly limit: Scalars['Int']['output'];
  /** The number of requests that the caller can send now, up to the limit of the share. */
  readonly remaining: Scalars['Int']['output'];
  /** The date and time when the current window ends and the full share becomes available again. */
  readonly resetsAt: Scalars['DateTime']['output'];
};

/** The mutation root. */
export type Mutation = {
  readonly __typename?: 'Mutation';
  /**
   * Starts a livestream of a meeting. The gateway never repeats a request that RealtimeKit may have processed. If the response is lost, the
   * gateway reads the meeting's active livestream to find out whether the start succeeded. Costs one upstream request, or two
   * with fields that the response to the start does not contain.
   */
  readonly startLivestream?: Maybe<StartLivestreamPayload>;
  /** Stops the active livestream of a meeting. The gateway never repeats a request that RealtimeKit may have processed. Costs one upstream request; selecting fields of `livestream` costs up to two more. */
  readonly stopLivestream?: Maybe<StopLivestreamPayload>;
};


/** The mutation root. */
export type MutationStartLivestreamArgs = {
  input: StartLivestreamInput;
};


/** The mutation root. */
export type MutationStopLivestreamArgs = {
  input: StopLivestreamInput;
};

/** Information about a page of a connection. */
export type PageInfo = {
  readonly __typename?: 'PageInfo';
  /** Whether there are more items after this page. */
  readonly hasNextPage: Scalars['Boolean']['output'];
  /** Whether there are items before this page. */
  readonly hasPreviousPage: Scalars['Boolean']['output'];
  /** The cursor of the first item on the page. Null if the page is empty. */
  readonly startCursor?: Maybe<Scalars['String']['output']>;
  /** The cursor of the end of the page. Pass it as `after` to load the next page. It is never null if `hasNextPage` is true. */
  readonly endCursor?: Maybe<Scalars['String']['output']>;
};

/** An error that the caller of a mutation must handle. It is part of the data because routers mask the errors of subgraphs. */
export type UserError = {
  readonly __typename?: 'UserError';
  /** The error code, for programs. */
  readonly code: UserErrorCode;
  /** The error message, for people: what is wrong and what to do. */
  readonly message: Scalars['String']['output'];
  /** The path to the input field that caused the error, starting with the name of the argument. Null if no single field caused it. Example: `["input", "meetingId"]`. */
  readonly field?: Maybe<ReadonlyArray<Scalars['String']['output']>>;
};

/** The possible error codes of a mutation. */
export type UserErrorCode =
  /** An input value is invalid. Nothing was changed. */
  | 'BAD_USER_INPUT'
  /** The meeting does not exist, or has no active livestream to stop. Nothing was changed. */
  | 'NOT_FOUND'
  /** The meeting already has an active livestream. Nothing was changed. */
  | 'CONFLICT'
  /** The request was sent but no response arrived, and reading the meeting back did not show whether the request succeeded. Check `Meeting.activeLivestream` before you retry. */
  | 'OUTCOME_UNKNOWN';

/** The subgraph, as described to routers. */
export type _Service = {
  readonly __typename?: '_Service';
  /** The schema of the subgraph in the schema definition language, with federation directives. */
  readonly sdl: Scalars['String']['output'];
};

/** The entities that other subgraphs can reference. */
export type _Entity = Meeting | Livestream | LivestreamSession;

/** The purpose of a linked specification. */
export type Link__Purpose =
  /** Routers must support the specification to keep the data secure. */
  | 'SECURITY'
  /** Routers must support the specification to execute operations. */
  | 'EXECUTION';

/** The input of `startLivestream`. */
export type StartLivestreamInput = {
  /** The ID of the meeting to livestream: 1 to 64 letters, digits and hyphens. */
  readonly meetingId: Scalars['ID']['input'];
  /** The name of the new livestream. */
  readonly name?: InputMaybe<Scalars['String']['input']>;
  /** The size of the video. Without a value, RealtimeKit uses its default. */
  readonly video?: InputMaybe<VideoConfigInput>;
};

/** The size of a livestream's video. */
export type VideoConfigInput = {
  /** The width in pixels, at least 1. */
  readonly width: Scalars['Int']['input'];
  /** The height in pixels, at least 1. */
  readonly height: Scalars['Int']['input'];
};

/** The result of `startLivestream`. */
export type StartLivestreamPayload = {
  readonly __typename?: 'StartLivestreamPayload';
  /** The livestream that was started. Null if `userErrors` is not empty. */
  readonly livestream?: Maybe<Livestream>;
  /** The meeting in the input. Null if the meeting does not exist, or if `meetingId` is invalid. */
  readonly meeting?: Maybe<Meeting>;
  /** The errors that the caller must handle. Empty if the livestream was started. */
  readonly userErrors: ReadonlyArray<UserError>;
};

/** The input of `stopLivestream`. */
export type StopLivestreamInput = {
  /** The ID of the meeting whose livestream to stop: 1 to 64 letters, digits and hyphens. */
  readonly meetingId: Scalars['ID']['input'];
};

/** The result of `stopLivestream`. */
export type StopLivestreamPayload = {
  readonly __typename?: 'StopLivestreamPayload';
  /** The livestream that was stopped, in its state after the stop. Null if `userErrors` is not empty. Costs up to two upstream requests. */
  readonly livestream?: Maybe<Livestream>;
  /** The meeting in the input, whether or not it exists, as in `Query.meeting`. Null if `meetingId` is invalid. */
  readonly meeting?: Maybe<Meeting>;
  /** The errors that the caller must handle. Empty if the livestream was stopped. */
  readonly userErrors: ReadonlyArray<UserError>;
};

/** The subscription root. */
export type Subscription = {
  readonly __typename?: 'Subscription';
  /**
   * Sends a livestream when its status, playback URL, name or active session changes. The first event of each livestream is its
   * current state. A slow client receives the latest state instead of every intermediate state. Without arguments, the
   * subscription covers all livestreams of the app that are or become `LIVE` or `INVOKED`, until they end. Any number of
   * subscribers of a livestream cause the same upstream requests as one.
   */
  readonly livestreamUpdated: Livestream;
};


/** The subscription root. */
export type SubscriptionLivestreamUpdatedArgs = {
  livestreamId?: InputMaybe<Scalars['ID']['input']>;
  meetingId?: InputMaybe<Scalars['ID']['input']>;
};



export type ResolverTypeWrapper<T> = Promise<T> | T;


export type ResolverWithResolve<TResult, TParent, TContext, TArgs> = {
  resolve: ResolverFn<TResult, TParent, TContext, TArgs>;
};
export type Resolver<TResult, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = ResolverFn<TResult, TParent, TContext, TArgs> | ResolverWithResolve<TResult, TParent, TContext, TArgs>;

export type ResolverFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => Promise<TResult> | TResult;

export type SubscriptionSubscribeFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => AsyncIterable<TResult> | Promise<AsyncIterable<TResult>>;

export type SubscriptionResolveFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

export interface SubscriptionSubscriberObject<TResult, TKey extends string, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<{ [key in TKey]: TResult }, TParent, TContext, TArgs>;
  resolve?: SubscriptionResolveFn<TResult, { [key in TKey]: TResult }, TContext, TArgs>;
}

export interface SubscriptionResolverObject<TResult, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<any, TParent, TContext, TArgs>;
  resolve: SubscriptionResolveFn<TResult, any, TContext, TArgs>;
}

export type SubscriptionObject<TResult, TKey extends string, TParent, TContext, TArgs> =
  | SubscriptionSubscriberObject<TResult, TKey, TParent, TContext, TArgs>
  | SubscriptionResolverObject<TResult, TParent, TContext, TArgs>;

export type SubscriptionResolver<TResult, TKey extends string, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> =
  | ((...args: any[]) => SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>)
  | SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>;

export type TypeResolveFn<TTypes, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (
  parent: TParent,
  context: TContext,
  info: GraphQLResolveInfo
) => Maybe<TTypes> | Promise<Maybe<TTypes>>;

export type IsTypeOfResolverFn<T = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (obj: T, context: TContext, info: GraphQLResolveInfo) => boolean | Promise<boolean>;

export type NextResolverFn<T> = () => Promise<T>;

export type DirectiveResolverFn<TResult = Record<PropertyKey, never>, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = (
  next: NextResolverFn<TResult>,
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;





/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  ID: ResolverTypeWrapper<Scalars['ID']['output']>;
  Livestream: ResolverTypeWrapper<LivestreamRef>;
  LivestreamStatus: LivestreamStatus;
  LivestreamFilter: LivestreamFilter;
  LivestreamOrder: LivestreamOrder;
  LivestreamConnection: ResolverTypeWrapper<Omit<LivestreamConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversTypes['LivestreamEdge']>, nodes: ReadonlyArray<ResolversTypes['Livestream']> }>;
  LivestreamEdge: ResolverTypeWrapper<Omit<LivestreamEdge, 'node'> & { node: ResolversTypes['Livestream'] }>;
  LivestreamAnalytics: ResolverTypeWrapper<AnalyticsSource>;
  Float: ResolverTypeWrapper<Scalars['Float']['output']>;
  LivestreamAnalyticsDay: ResolverTypeWrapper<DayAnalytics>;
  LivestreamSession: ResolverTypeWrapper<LivestreamSessionModel>;
  LivestreamSessionConnection: ResolverTypeWrapper<Omit<LivestreamSessionConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversTypes['LivestreamSessionEdge']>, nodes: ReadonlyArray<ResolversTypes['LivestreamSession']> }>;
  LivestreamSessionEdge: ResolverTypeWrapper<Omit<LivestreamSessionEdge, 'node'> & { node: ResolversTypes['LivestreamSession'] }>;
  Meeting: ResolverTypeWrapper<MeetingRef>;
  MeetingStatus: MeetingStatus;
  MeetingConnection: ResolverTypeWrapper<Omit<MeetingConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversTypes['MeetingEdge']>, nodes: ReadonlyArray<ResolversTypes['Meeting']> }>;
  MeetingEdge: ResolverTypeWrapper<Omit<MeetingEdge, 'node'> & { node: ResolversTypes['Meeting'] }>;
  UpstreamBudget: ResolverTypeWrapper<UpstreamBudget>;
  UpstreamBudgetShare: ResolverTypeWrapper<UpstreamBudgetShare>;
  DateTime: ResolverTypeWrapper<Scalars['DateTime']['output']>;
  Date: ResolverTypeWrapper<Scalars['Date']['output']>;
  URL: ResolverTypeWrapper<Scalars['URL']['output']>;
  Mutation: ResolverTypeWrapper<Record<PropertyKey, never>>;
  PageInfo: ResolverTypeWrapper<PageInfo>;
  UserError: ResolverTypeWrapper<UserError>;
  UserErrorCode: UserErrorCode;
  _Service: ResolverTypeWrapper<_Service>;
  _Entity: ResolverTypeWrapper<MaybeEntity>;
  _Any: ResolverTypeWrapper<Scalars['_Any']['output']>;
  federation__FieldSet: ResolverTypeWrapper<Scalars['federation__FieldSet']['output']>;
  federation__Scope: ResolverTypeWrapper<Scalars['federation__Scope']['output']>;
  link__Import: ResolverTypeWrapper<Scalars['link__Import']['output']>;
  link__Purpose: Link__Purpose;
  StartLivestreamInput: StartLivestreamInput;
  VideoConfigInput: VideoConfigInput;
  StartLivestreamPayload: ResolverTypeWrapper<Omit<StartLivestreamPayload, 'livestream' | 'meeting'> & { livestream?: Maybe<ResolversTypes['Livestream']>, meeting?: Maybe<ResolversTypes['Meeting']> }>;
  StopLivestreamInput: StopLivestreamInput;
  StopLivestreamPayload: ResolverTypeWrapper<Omit<StopLivestreamPayload, 'livestream' | 'meeting'> & { livestream?: Maybe<ResolversTypes['Livestream']>, meeting?: Maybe<ResolversTypes['Meeting']> }>;
  Subscription: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Int: ResolverTypeWrapper<Scalars['Int']['output']>;
  String: ResolverTypeWrapper<Scalars['String']['output']>;
  Boolean: ResolverTypeWrapper<Scalars['Boolean']['output']>;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  Query: Record<PropertyKey, never>;
  ID: Scalars['ID']['output'];
  Livestream: LivestreamRef;
  LivestreamFilter: LivestreamFilter;
  LivestreamConnection: Omit<LivestreamConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversParentTypes['LivestreamEdge']>, nodes: ReadonlyArray<ResolversParentTypes['Livestream']> };
  LivestreamEdge: Omit<LivestreamEdge, 'node'> & { node: ResolversParentTypes['Livestream'] };
  LivestreamAnalytics: AnalyticsSource;
  Float: Scalars['Float']['output'];
  LivestreamAnalyticsDay: DayAnalytics;
  LivestreamSession: LivestreamSessionModel;
  LivestreamSessionConnection: Omit<LivestreamSessionConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversParentTypes['LivestreamSessionEdge']>, nodes: ReadonlyArray<ResolversParentTypes['LivestreamSession']> };
  LivestreamSessionEdge: Omit<LivestreamSessionEdge, 'node'> & { node: ResolversParentTypes['LivestreamSession'] };
  Meeting: MeetingRef;
  MeetingConnection: Omit<MeetingConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversParentTypes['MeetingEdge']>, nodes: ReadonlyArray<ResolversParentTypes['Meeting']> };
  MeetingEdge: Omit<MeetingEdge, 'node'> & { node: ResolversParentTypes['Meeting'] };
  UpstreamBudget: UpstreamBudget;
  UpstreamBudgetShare: UpstreamBudgetShare;
  DateTime: Scalars['DateTime']['output'];
  Date: Scalars['Date']['output'];
  URL: Scalars['URL']['output'];
  Mutation: Record<PropertyKey, never>;
  PageInfo: PageInfo;
  UserError: UserError;
  _Service: _Service;
  _Entity: MaybeEntity;
  _Any: Scalars['_Any']['output'];
  federation__FieldSet: Scalars['federation__FieldSet']['output'];
  federation__Scope: Scalars['federation__Scope']['output'];
  link__Import: Scalars['link__Import']['output'];
  StartLivestreamInput: StartLivestreamInput;
  VideoConfigInput: VideoConfigInput;
  StartLivestreamPayload: Omit<StartLivestreamPayload, 'livestream' | 'meeting'> & { livestream?: Maybe<ResolversParentTypes['Livestream']>, meeting?: Maybe<ResolversParentTypes['Meeting']> };
  StopLivestreamInput: StopLivestreamInput;
  StopLivestreamPayload: Omit<StopLivestreamPayload, 'livestream' | 'meeting'> & { livestream?: Maybe<ResolversParentTypes['Livestream']>, meeting?: Maybe<ResolversParentTypes['Meeting']> };
  Subscription: Record<PropertyKey, never>;
  Int: Scalars['Int']['output'];
  String: Scalars['String']['output'];
  Boolean: Scalars['Boolean']['output'];
};

export type LinkDirectiveArgs = {
  url: Scalars['String']['input'];
  as?: Maybe<Scalars['String']['input']>;
  for?: Maybe<Link__Purpose>;
  import?: Maybe<ReadonlyArray<Maybe<Scalars['link__Import']['input']>>>;
};

export type LinkDirectiveResolver<Result, Parent, ContextType = Context, Args = LinkDirectiveArgs> = DirectiveResolverFn<Result, Parent, ContextType, Args>;

export type ComposeDirectiveDirectiveArgs = {
  name: Scalars['String']['input'];
};

export type ComposeDirectiveDirectiveResolver<Result, Parent, ContextType = Context, Args = ComposeDirectiveDirectiveArgs> = DirectiveResolverFn<Result, Parent, ContextType, Args>;

export type KeyDirectiveArgs = {
  fields: Scalars['federation__FieldSet']['input'];
  resolvable?: Maybe<Scalars['Boolean']['input']>;
};

export type KeyDirectiveResolver<Result, Parent, ContextType = Context, Args = KeyDirectiveArgs> = DirectiveResolverFn<Result, Parent, ContextType, Args>;

export type ShareableDirectiveArgs = { };

export type ShareableDirectiveResolver<Result, Parent, ContextType = Context, Args = ShareableDirectiveArgs> = DirectiveResolverFn<Result, Parent, ContextType, Args>;

export type TagDirectiveArgs = {
  name: Scalars['String']['input'];
};

export type TagDirectiveResolver<Result, Parent, ContextType = Context, Args = TagDirectiveArgs> = DirectiveResolverFn<Result, Parent, ContextType, Args>;

export type AuthenticatedDirectiveArgs = { };

export type AuthenticatedDirectiveResolver<Result, Parent, ContextType = Context, Args = AuthenticatedDirectiveArgs> = DirectiveResolverFn<Result, Parent, ContextType, Args>;

export type RequiresScopesDirectiveArgs = {
  scopes: ReadonlyArray<ReadonlyArray<Scalars['federation__Scope']['input']>>;
};

export type RequiresScopesDirectiveResolver<Result, Parent, ContextType = Context, Args = RequiresScopesDirectiveArgs> = DirectiveResolverFn<Result, Parent, ContextType, Args>;

export type CostDirectiveArgs = {
  weight: Scalars['Int']['input'];
};

export type CostDirectiveResolver<Result, Parent, ContextType = Context, Args = CostDirectiveArgs> = DirectiveResolverFn<Result, Parent, ContextType, Args>;

export type ListSizeDirectiveArgs = {
  assumedSize?: Maybe<Scalars['Int']['input']>;
  slicingArguments?: Maybe<ReadonlyArray<Scalars['String']['input']>>;
  sizedFields?: Maybe<ReadonlyArray<Scalars['String']['input']>>;
  requireOneSlicingArgument?: Maybe<Scalars['Boolean']['input']>;
};

export type ListSizeDirectiveResolver<Result, Parent, ContextType = Context, Args = ListSizeDirectiveArgs> = DirectiveResolverFn<Result, Parent, ContextType, Args>;

export type QueryResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  livestream?: Resolver<Maybe<ResolversTypes['Livestream']>, ParentType, ContextType, RequireFields<QueryLivestreamArgs, 'id'>>;
  livestreams?: Resolver<ResolversTypes['LivestreamConnection'], ParentType, ContextType, RequireFields<QueryLivestreamsArgs, 'first' | 'orderBy'>>;
  livestreamAnalytics?: Resolver<ResolversTypes['LivestreamAnalytics'], ParentType, ContextType, Partial<QueryLivestreamAnalyticsArgs>>;
  livestreamSession?: Resolver<Maybe<ResolversTypes['LivestreamSession']>, ParentType, ContextType, RequireFields<QueryLivestreamSessionArgs, 'id'>>;
  meeting?: Resolver<ResolversTypes['Meeting'], ParentType, ContextType, RequireFields<QueryMeetingArgs, 'id'>>;
  meetings?: Resolver<ResolversTypes['MeetingConnection'], ParentType, ContextType, RequireFields<QueryMeetingsArgs, 'first'>>;
  upstreamBudget?: Resolver<ResolversTypes['UpstreamBudget'], ParentType, ContextType>;
  _service?: Resolver<ResolversTypes['_Service'], ParentType, ContextType>;
  _entities?: Resolver<ReadonlyArray<Maybe<ResolversTypes['_Entity']>>, ParentType, ContextType, RequireFields<Query_EntitiesArgs, 'representations'>>;
};

export type LivestreamResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Livestream'] = ResolversParentTypes['Livestream']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  name?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  status?: Resolver<ResolversTypes['LivestreamStatus'], ParentType, ContextType>;
  disabled?: Resolver<Maybe<ResolversTypes['Boolean']>, ParentType, ContextType>;
  ingestServer?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  streamKey?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  playbackUrl?: Resolver<Maybe<ResolversTypes['URL']>, ParentType, ContextType>;
  createdAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  updatedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  meeting?: Resolver<Maybe<ResolversTypes['Meeting']>, ParentType, ContextType>;
  activeSession?: Resolver<Maybe<ResolversTypes['LivestreamSession']>, ParentType, ContextType>;
  sessions?: Resolver<ResolversTypes['LivestreamSessionConnection'], ParentType, ContextType, RequireFields<LivestreamSessionsArgs, 'first'>>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type LivestreamConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['LivestreamConnection'] = ResolversParentTypes['LivestreamConnection']> = {
  edges?: Resolver<ReadonlyArray<ResolversTypes['LivestreamEdge']>, ParentType, ContextType>;
  nodes?: Resolver<ReadonlyArray<ResolversTypes['Livestream']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  totalCount?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
};

export type LivestreamEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['LivestreamEdge'] = ResolversParentTypes['LivestreamEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Livestream'], ParentType, ContextType>;
};

export type LivestreamAnalyticsResolvers<ContextType = Context, ParentType extends ResolversParentTypes['LivestreamAnalytics'] = ResolversParentTypes['LivestreamAnalytics']> = {
  count?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  ingestSeconds?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  viewerSeconds?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  days?: Resolver<ReadonlyArray<ResolversTypes['LivestreamAnalyticsDay']>, ParentType, ContextType>;
};

export type LivestreamAnalyticsDayResolvers<ContextType = Context, ParentType extends ResolversParentTypes['LivestreamAnalyticsDay'] = ResolversParentTypes['LivestreamAnalyticsDay']> = {
  date?: Resolver<Maybe<ResolversTypes['Date']>, ParentType, ContextType>;
  count?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  ingestSeconds?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  viewerSeconds?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type LivestreamSessionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['LivestreamSession'] = ResolversParentTypes['LivestreamSession']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  livestream?: Resolver<Maybe<ResolversTypes['Livestream']>, ParentType, ContextType>;
  errorMessage?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  ingestSeconds?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  viewerSeconds?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  invokedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  startedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  stoppedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  createdAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  updatedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type LivestreamSessionConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['LivestreamSessionConnection'] = ResolversParentTypes['LivestreamSessionConnection']> = {
  edges?: Resolver<ReadonlyArray<ResolversTypes['LivestreamSessionEdge']>, ParentType, ContextType>;
  nodes?: Resolver<ReadonlyArray<ResolversTypes['LivestreamSession']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  totalCount?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
};

export type LivestreamSessionEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['LivestreamSessionEdge'] = ResolversParentTypes['LivestreamSessionEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['LivestreamSession'], ParentType, ContextType>;
};

export type MeetingResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Meeting'] = ResolversParentTypes['Meeting']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  title?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  status?: Resolver<Maybe<ResolversTypes['MeetingStatus']>, ParentType, ContextType>;
  createdAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  updatedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  activeLivestream?: Resolver<Maybe<ResolversTypes['Livestream']>, ParentType, ContextType>;
  livestreams?: Resolver<ResolversTypes['LivestreamConnection'], ParentType, ContextType, RequireFields<MeetingLivestreamsArgs, 'first'>>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type MeetingConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['MeetingConnection'] = ResolversParentTypes['MeetingConnection']> = {
  edges?: Resolver<ReadonlyArray<ResolversTypes['MeetingEdge']>, ParentType, ContextType>;
  nodes?: Resolver<ReadonlyArray<ResolversTypes['Meeting']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  totalCount?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
};

export type MeetingEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['MeetingEdge'] = ResolversParentTypes['MeetingEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Meeting'], ParentType, ContextType>;
};

export type UpstreamBudgetResolvers<ContextType = Context, ParentType extends ResolversParentTypes['UpstreamBudget'] = ResolversParentTypes['UpstreamBudget']> = {
  limit?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  remaining?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  resetsAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  share?: Resolver<ResolversTypes['UpstreamBudgetShare'], ParentType, ContextType>;
};

export type UpstreamBudgetShareResolvers<ContextType = Context, ParentType extends ResolversParentTypes['UpstreamBudgetShare'] = ResolversParentTypes['UpstreamBudgetShare']> = {
  limit?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  remaining?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  resetsAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
};

export interface DateTimeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['DateTime'], any> {
  name: 'DateTime';
}

export interface DateScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['Date'], any> {
  name: 'Date';
}

export interface UrlScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['URL'], any> {
  name: 'URL';
}

export type MutationResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Mutation'] = ResolversParentTypes['Mutation']> = {
  startLivestream?: Resolver<ResolversTypes['StartLivestreamPayload'], ParentType, ContextType, RequireFields<MutationStartLivestreamArgs, 'input'>>;
  stopLivestream?: Resolver<ResolversTypes['StopLivestreamPayload'], ParentType, ContextType, RequireFields<MutationStopLivestreamArgs, 'input'>>;
};

export type PageInfoResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PageInfo'] = ResolversParentTypes['PageInfo']> = {
  hasNextPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  hasPreviousPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  startCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  endCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type UserErrorResolvers<ContextType = Context, ParentType extends ResolversParentTypes['UserError'] = ResolversParentTypes['UserError']> = {
  code?: Resolver<ResolversTypes['UserErrorCode'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  field?: Resolver<Maybe<ReadonlyArray<ResolversTypes['String']>>, ParentType, ContextType>;
};

export type _ServiceResolvers<ContextType = Context, ParentType extends ResolversParentTypes['_Service'] = ResolversParentTypes['_Service']> = {
  sdl?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type _EntityResolvers<ContextType = Context, ParentType extends ResolversParentTypes['_Entity'] = ResolversParentTypes['_Entity']> = {
  __resolveType: TypeResolveFn<'Meeting' | 'Livestream' | 'LivestreamSession', ParentType, ContextType>;
};

export interface _AnyScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['_Any'], any> {
  name: '_Any';
}

export interface Federation__FieldSetScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['federation__FieldSet'], any> {
  name: 'federation__FieldSet';
}

export interface Federation__ScopeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['federation__Scope'], any> {
  name: 'federation__Scope';
}

export interface Link__ImportScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['link__Import'], any> {
  name: 'link__Import';
}

export type StartLivestreamPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['StartLivestreamPayload'] = ResolversParentTypes['StartLivestreamPayload']> = {
  livestream?: Resolver<Maybe<ResolversTypes['Livestream']>, ParentType, ContextType>;
  meeting?: Resolver<Maybe<ResolversTypes['Meeting']>, ParentType, ContextType>;
  userErrors?: Resolver<ReadonlyArray<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type StopLivestreamPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['StopLivestreamPayload'] = ResolversParentTypes['StopLivestreamPayload']> = {
  livestream?: Resolver<Maybe<ResolversTypes['Livestream']>, ParentType, ContextType>;
  meeting?: Resolver<Maybe<ResolversTypes['Meeting']>, ParentType, ContextType>;
  userErrors?: Resolver<ReadonlyArray<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type SubscriptionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Subscription'] = ResolversParentTypes['Subscription']> = {
  livestreamUpdated?: SubscriptionResolver<ResolversTypes['Livestream'], "livestreamUpdated", ParentType, ContextType, Partial<SubscriptionLivestreamUpdatedArgs>>;
};

export type Resolvers<ContextType = Context> = {
  Query?: QueryResolvers<ContextType>;
  Livestream?: LivestreamResolvers<ContextType>;
  LivestreamConnection?: LivestreamConnectionResolvers<ContextType>;
  LivestreamEdge?: LivestreamEdgeResolvers<ContextType>;
  LivestreamAnalytics?: LivestreamAnalyticsResolvers<ContextType>;
  LivestreamAnalyticsDay?: LivestreamAnalyticsDayResolvers<ContextType>;
  LivestreamSession?: LivestreamSessionResolvers<ContextType>;
  LivestreamSessionConnection?: LivestreamSessionConnectionResolvers<ContextType>;
  LivestreamSessionEdge?: LivestreamSessionEdgeResolvers<ContextType>;
  Meeting?: MeetingResolvers<ContextType>;
  MeetingConnection?: MeetingConnectionResolvers<ContextType>;
  MeetingEdge?: MeetingEdgeResolvers<ContextType>;
  UpstreamBudget?: UpstreamBudgetResolvers<ContextType>;
  UpstreamBudgetShare?: UpstreamBudgetShareResolvers<ContextType>;
  DateTime?: GraphQLScalarType;
  Date?: GraphQLScalarType;
  URL?: GraphQLScalarType;
  Mutation?: MutationResolvers<ContextType>;
  PageInfo?: PageInfoResolvers<ContextType>;
  UserError?: UserErrorResolvers<ContextType>;
  _Service?: _ServiceResolvers<ContextType>;
  _Entity?: _EntityResolvers<ContextType>;
  _Any?: GraphQLScalarType;
  federation__FieldSet?: GraphQLScalarType;
  federation__Scope?: GraphQLScalarType;
  link__Import?: GraphQLScalarType;
  StartLivestreamPayload?: StartLivestreamPayloadResolvers<ContextType>;
  StopLivestreamPayload?: StopLivestreamPayloadResolvers<ContextType>;
  Subscription?: SubscriptionResolvers<ContextType>;
};

export type DirectiveResolvers<ContextType = Context> = {
  link?: LinkDirectiveResolver<any, any, ContextType>;
  composeDirective?: ComposeDirectiveDirectiveResolver<any, any, ContextType>;
  key?: KeyDirectiveResolver<any, any, ContextType>;
  shareable?: ShareableDirectiveResolver<any, any, ContextType>;
  tag?: TagDirectiveResolver<any, any, ContextType>;
  authenticated?: AuthenticatedDirectiveResolver<any, any, ContextType>;
  requiresScopes?: RequiresScopesDirectiveResolver<any, any, ContextType>;
  cost?: CostDirectiveResolver<any, any, ContextType>;
  listSize?: ListSizeDirectiveResolver<any, any, ContextType>;
};
