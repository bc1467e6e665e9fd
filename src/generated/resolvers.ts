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
  /** A moment in time, as RFC 3339 text in UTC with milliseconds, for example `2026-03-14T09:26:53.589Z`. */
  DateTime: { input: Date; output: Date; }
  /** A day, as an RFC 3339 full-date, for example `2026-03-14`. */
  Date: { input: Date; output: string; }
  /** An absolute web address. */
  URL: { input: string; output: string; }
  /** A representation of an entity: its `__typename` and the fields of its key. */
  _Any: { input: unknown; output: unknown; }
  /** A selection of fields, as text. */
  federation__FieldSet: { input: string; output: string; }
  /** A scope that a caller may have. */
  federation__Scope: { input: string; output: string; }
  /** A name that is imported from a specification. */
  link__Import: { input: string; output: string; }
};

/** Everything that can be read. */
export type Query = {
  readonly __typename?: 'Query';
  /** A livestream by id; null when there is none. */
  readonly livestream?: Maybe<Livestream>;
  /** The app's livestreams, page by page: those of meetings and independent ones. */
  readonly livestreams: LivestreamConnection;
  /**
   * How much was livestreamed and watched in a range of time, in all and day by day. What is not selected is not asked for. No field of
   * it can be null, so that one of its numbers that RealtimeKit cannot give leaves the operation without data: ask for it by itself.
   */
  readonly livestreamAnalytics: LivestreamAnalytics;
  /** A livestream session by id, running or ended; null when there is none. */
  readonly livestreamSession?: Maybe<LivestreamSession>;
  /** A meeting by id. Resolves without an upstream call; its details load when selected, and are null when there is no such meeting. */
  readonly meeting?: Maybe<Meeting>;
  /** The app's meetings, page by page. */
  readonly meetings: MeetingConnection;
  /** What is left of the upstream request budget that this caller's queries are paid from. */
  readonly upstreamBudget: UpstreamBudget;
  /** This subgraph as federation sees it. */
  readonly _service: _Service;
  /** The entities that a router refers to by type and key, in the same order; null for one that does not exist. */
  readonly _entities: ReadonlyArray<Maybe<_Entity>>;
};


/** Everything that can be read. */
export type QueryLivestreamArgs = {
  id: Scalars['ID']['input'];
};


/** Everything that can be read. */
export type QueryLivestreamsArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<LivestreamFilter>;
  orderBy?: InputMaybe<LivestreamOrder>;
};


/** Everything that can be read. */
export type QueryLivestreamAnalyticsArgs = {
  from?: InputMaybe<Scalars['DateTime']['input']>;
  to?: InputMaybe<Scalars['DateTime']['input']>;
};


/** Everything that can be read. */
export type QueryLivestreamSessionArgs = {
  id: Scalars['ID']['input'];
};


/** Everything that can be read. */
export type QueryMeetingArgs = {
  id: Scalars['ID']['input'];
};


/** Everything that can be read. */
export type QueryMeetingsArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
  after?: InputMaybe<Scalars['String']['input']>;
  search?: InputMaybe<Scalars['String']['input']>;
};


/** Everything that can be read. */
export type Query_EntitiesArgs = {
  representations: ReadonlyArray<Scalars['_Any']['input']>;
};

/** A broadcast: frames go in at an ingest server, viewers watch at a playback URL. */
export type Livestream = {
  readonly __typename?: 'Livestream';
  /** The livestream's id in RealtimeKit. */
  readonly id: Scalars['ID']['output'];
  /** The livestream's name. Right after a start it is the name that was sent. */
  readonly name?: Maybe<Scalars['String']['output']>;
  /** Where the livestream is in its life. */
  readonly status: LivestreamStatus;
  /** Whether the livestream has been disabled. */
  readonly disabled?: Maybe<Scalars['Boolean']['output']>;
  /** The RTMPS server that an encoder sends sound and picture to. */
  readonly ingestServer?: Maybe<Scalars['String']['output']>;
  /** The secret that an encoder shows to the ingest server. Whoever has it can broadcast: keep it out of pages and logs. */
  readonly streamKey?: Maybe<Scalars['String']['output']>;
  /** The HLS manifest that viewers watch. It may take a while to appear after a start. */
  readonly playbackUrl?: Maybe<Scalars['URL']['output']>;
  /** When the livestream was created. */
  readonly createdAt?: Maybe<Scalars['DateTime']['output']>;
  /** When the livestream was last changed. */
  readonly updatedAt?: Maybe<Scalars['DateTime']['output']>;
  /** The meeting that is livestreamed; null for an independent livestream. */
  readonly meeting?: Maybe<Meeting>;
  /** The session that is running now; null when none is. An `IDLE` or `OFFLINE` livestream has none, and costs no upstream request to know it. */
  readonly activeSession?: Maybe<LivestreamSession>;
  /** All sessions of this livestream, ended ones included, page by page. */
  readonly sessions: LivestreamSessionConnection;
};


/** A broadcast: frames go in at an ingest server, viewers watch at a playback URL. */
export type LivestreamSessionsArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
  after?: InputMaybe<Scalars['String']['input']>;
};

/** Where a livestream is in its life. */
export type LivestreamStatus =
  /** Frames arrive and viewers can watch. */
  | 'LIVE'
  /** Stopped, or never started. */
  | 'IDLE'
  /** The broadcast failed; the session's `errorMessage` says why. */
  | 'ERRORED'
  /** Started, and waiting for the first frames. */
  | 'INVOKED'
  /** Stopped, as RealtimeKit's events call it. */
  | 'OFFLINE'
  /** A status that this gateway does not know, or none at all. */
  | 'UNKNOWN';

/** Which livestreams to give. Every condition that is present has to hold. */
export type LivestreamFilter = {
  /** Only livestreams in this status. `UNKNOWN` cannot be asked for. */
  readonly status?: InputMaybe<LivestreamStatus>;
  /** True leaves out the livestreams of meetings, so that only independent ones are given. */
  readonly excludeMeetings?: InputMaybe<Scalars['Boolean']['input']>;
  /** Only livestreams from this moment on. */
  readonly from?: InputMaybe<Scalars['DateTime']['input']>;
  /** Only livestreams up to this moment. */
  readonly to?: InputMaybe<Scalars['DateTime']['input']>;
};

/** The order of a list of livestreams. */
export type LivestreamOrder =
  /** Oldest first. */
  | 'CREATED_AT_ASC'
  /** Newest first. */
  | 'CREATED_AT_DESC';

/** A page of livestreams. */
export type LivestreamConnection = {
  readonly __typename?: 'LivestreamConnection';
  /** The page's livestreams, each with its cursor. */
  readonly edges: ReadonlyArray<LivestreamEdge>;
  /** The page's livestreams alone, in the same order as `edges`. */
  readonly nodes: ReadonlyArray<Livestream>;
  /** Where the page stands in the whole list. */
  readonly pageInfo: PageInfo;
  /** How many livestreams the whole list holds; null when RealtimeKit does not tell. */
  readonly totalCount?: Maybe<Scalars['Int']['output']>;
};

/** A livestream and its place in the list. */
export type LivestreamEdge = {
  readonly __typename?: 'LivestreamEdge';
  /** The livestream's place in the list, to be passed as `after`. */
  readonly cursor: Scalars['String']['output'];
  /** The livestream. */
  readonly node: Livestream;
};

/** How much was livestreamed and watched in a range of time. */
export type LivestreamAnalytics = {
  readonly __typename?: 'LivestreamAnalytics';
  /** How many livestreams RealtimeKit counts in the range. */
  readonly count: Scalars['Int']['output'];
  /** How long frames were arriving, in seconds, summed over all livestreams. */
  readonly ingestSeconds: Scalars['Float']['output'];
  /** How long they were watched, in seconds, summed over all viewers. */
  readonly viewerSeconds: Scalars['Float']['output'];
  /** The same day by day, oldest first. A day without livestreams may be left out. */
  readonly days: ReadonlyArray<LivestreamAnalyticsDay>;
};

/** How much was livestreamed and watched on a day. */
export type LivestreamAnalyticsDay = {
  readonly __typename?: 'LivestreamAnalyticsDay';
  /** The day, as RealtimeKit names it. */
  readonly date: Scalars['Date']['output'];
  /** How many livestreams RealtimeKit counts on the day. */
  readonly count: Scalars['Int']['output'];
  /** How long frames were arriving, in seconds, summed over all livestreams. */
  readonly ingestSeconds: Scalars['Float']['output'];
  /** How long they were watched, in seconds, summed over all viewers. */
  readonly viewerSeconds: Scalars['Float']['output'];
};

/** One run of a livestream, from its start to its stop. */
export type LivestreamSession = {
  readonly __typename?: 'LivestreamSession';
  /** The session's id in RealtimeKit. */
  readonly id: Scalars['ID']['output'];
  /** The livestream that this is a run of. */
  readonly livestream?: Maybe<Livestream>;
  /** Why the session failed; null when it did not. */
  readonly errorMessage?: Maybe<Scalars['String']['output']>;
  /** How long frames have been arriving, in seconds. RealtimeKit brings it up to date every 40 to 50 seconds. */
  readonly ingestSeconds?: Maybe<Scalars['Float']['output']>;
  /** How long it has been watched, in seconds, summed over all viewers. RealtimeKit brings it up to date every 40 to 50 seconds. */
  readonly viewerSeconds?: Maybe<Scalars['Float']['output']>;
  /** When the session was asked for. RealtimeKit tells it for active sessions only. */
  readonly invokedAt?: Maybe<Scalars['DateTime']['output']>;
  /** When the first frames arrived. */
  readonly startedAt?: Maybe<Scalars['DateTime']['output']>;
  /** When the session ended; null while it runs. */
  readonly stoppedAt?: Maybe<Scalars['DateTime']['output']>;
  /** When the session's record was created. */
  readonly createdAt?: Maybe<Scalars['DateTime']['output']>;
  /** When the session's record was last changed. */
  readonly updatedAt?: Maybe<Scalars['DateTime']['output']>;
};

/** A page of livestream sessions. */
export type LivestreamSessionConnection = {
  readonly __typename?: 'LivestreamSessionConnection';
  /** The page's sessions, each with its cursor. RealtimeKit may give them one at a time. */
  readonly edges: ReadonlyArray<LivestreamSessionEdge>;
  /** The page's sessions alone, in the same order as `edges`. */
  readonly nodes: ReadonlyArray<LivestreamSession>;
  /** Where the page stands in the whole list. */
  readonly pageInfo: PageInfo;
  /** How many sessions the whole list holds; null when RealtimeKit does not tell. */
  readonly totalCount?: Maybe<Scalars['Int']['output']>;
};

/** A livestream session and its place in the list. */
export type LivestreamSessionEdge = {
  readonly __typename?: 'LivestreamSessionEdge';
  /** The session's place in the list, to be passed as `after`. */
  readonly cursor: Scalars['String']['output'];
  /** The session. */
  readonly node: LivestreamSession;
};

/** A RealtimeKit meeting: the room whose sound and picture a livestream sends out. */
export type Meeting = {
  readonly __typename?: 'Meeting';
  /** The meeting's id in RealtimeKit. */
  readonly id: Scalars['ID']['output'];
  /** The meeting's title. */
  readonly title?: Maybe<Scalars['String']['output']>;
  /** Whether the meeting can be joined. */
  readonly status?: Maybe<MeetingStatus>;
  /** When the meeting was created. */
  readonly createdAt?: Maybe<Scalars['DateTime']['output']>;
  /** When the meeting was last changed. */
  readonly updatedAt?: Maybe<Scalars['DateTime']['output']>;
  /** The livestream that is `LIVE` or `INVOKED` in this meeting now; null when there is none. */
  readonly activeLivestream?: Maybe<Livestream>;
  /** All livestreams of this meeting, past ones included, page by page. */
  readonly livestreams: LivestreamConnection;
};


/** A RealtimeKit meeting: the room whose sound and picture a livestream sends out. */
export type MeetingLivestreamsArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
  after?: InputMaybe<Scalars['String']['input']>;
};

/** Whether a meeting can be joined. */
export type MeetingStatus =
  /** The meeting can be joined. */
  | 'ACTIVE'
  /** The meeting is closed: nobody can join. */
  | 'INACTIVE'
  /** A status that this gateway does not know, or none at all. */
  | 'UNKNOWN';

/** A page of meetings. */
export type MeetingConnection = {
  readonly __typename?: 'MeetingConnection';
  /** The page's meetings, each with its cursor. */
  readonly edges: ReadonlyArray<MeetingEdge>;
  /** The page's meetings alone, in the same order as `edges`. */
  readonly nodes: ReadonlyArray<Meeting>;
  /** Where the page stands in the whole list. */
  readonly pageInfo: PageInfo;
  /** How many meetings the whole list holds; null when RealtimeKit does not tell. */
  readonly totalCount?: Maybe<Scalars['Int']['output']>;
};

/** A meeting and its place in the list. */
export type MeetingEdge = {
  readonly __typename?: 'MeetingEdge';
  /** The meeting's place in the list, to be passed as `after`. */
  readonly cursor: Scalars['String']['output'];
  /** The meeting. */
  readonly node: Meeting;
};

/** The upstream's request limit as the gateway sees it: by the upstream's own word, and by the gateway's count in between. Reading it costs no upstream request. */
export type UpstreamBudget = {
  readonly __typename?: 'UpstreamBudget';
  /** How many requests a whole window of time allows. */
  readonly limit: Scalars['Int']['output'];
  /** How many of them are left. The last tenth is kept for mutations. */
  readonly remaining: Scalars['Int']['output'];
  /** When the window ends and the whole limit is there again. */
  readonly resetsAt: Scalars['DateTime']['output'];
};

/** Everything that can be changed. */
export type Mutation = {
  readonly __typename?: 'Mutation';
  /**
   * Starts livestreaming a meeting. It is sent to RealtimeKit once, never repeated: when the answer is lost, the meeting's
   * active livestream is read back to find out what happened.
   */
  readonly startLivestream?: Maybe<StartLivestreamPayload>;
  /** Stops the active livestream of a meeting. It is sent to RealtimeKit once, never repeated. */
  readonly stopLivestream?: Maybe<StopLivestreamPayload>;
};


/** Everything that can be changed. */
export type MutationStartLivestreamArgs = {
  input: StartLivestreamInput;
};


/** Everything that can be changed. */
export type MutationStopLivestreamArgs = {
  input: StopLivestreamInput;
};

/** Where a page of a connection stands in the whole list. */
export type PageInfo = {
  readonly __typename?: 'PageInfo';
  /** Whether more rows follow the last one of this page. */
  readonly hasNextPage: Scalars['Boolean']['output'];
  /** Whether rows stand before the first one of this page. */
  readonly hasPreviousPage: Scalars['Boolean']['output'];
  /** The cursor of the page's first row; null when the page is empty. */
  readonly startCursor?: Maybe<Scalars['String']['output']>;
  /** The cursor of the page's last row, to be passed as `after` for the next page; null when the page is empty. */
  readonly endCursor?: Maybe<Scalars['String']['output']>;
};

/** What the caller has to handle. It stands in the data because routers mask a subgraph's errors. */
export type UserError = {
  readonly __typename?: 'UserError';
  /** What went wrong, for programs. */
  readonly code: UserErrorCode;
  /** What went wrong and what to do about it, for people. */
  readonly message: Scalars['String']['output'];
  /** The path of the input field that caused it, from the argument's name on; null when no single field did. */
  readonly field?: Maybe<ReadonlyArray<Scalars['String']['output']>>;
};

/** Why a mutation did not do what it was asked. */
export type UserErrorCode =
  /** A value of the input was refused; nothing was changed. */
  | 'BAD_USER_INPUT'
  /** The meeting does not exist, or it has no active livestream to stop; nothing was changed. */
  | 'NOT_FOUND'
  /** The meeting is being livestreamed already; nothing was changed. */
  | 'CONFLICT'
  /** The request was sent, its answer never came, and reading back did not settle whether it was carried out. Look at `Meeting.activeLivestream` before trying again. */
  | 'OUTCOME_UNKNOWN';

/** This subgraph as federation sees it. */
export type _Service = {
  readonly __typename?: '_Service';
  /** The schema in GraphQL's schema language, with federation's directives. */
  readonly sdl: Scalars['String']['output'];
};

/** An entity that other subgraphs can refer to. */
export type _Entity = Meeting | Livestream | LivestreamSession;

/** What a linked specification is for. */
export type Link__Purpose =
  /** It has to be understood for the data to be kept safe. */
  | 'SECURITY'
  /** It has to be understood for operations to be executed. */
  | 'EXECUTION';

/** What to start. */
export type StartLivestreamInput = {
  /** The id of the meeting to livestream: 1 to 64 letters, digits and hyphens. */
  readonly meetingId: Scalars['ID']['input'];
  /** A name for the livestream. */
  readonly name?: InputMaybe<Scalars['String']['input']>;
  /** The size of the picture; RealtimeKit's own default when absent. */
  readonly video?: InputMaybe<VideoConfigInput>;
};

/** The size of a livestream's picture. */
export type VideoConfigInput = {
  /** Width in pixels, 1 or more. */
  readonly width: Scalars['Int']['input'];
  /** Height in pixels, 1 or more. */
  readonly height: Scalars['Int']['input'];
};

/** What came of `startLivestream`. */
export type StartLivestreamPayload = {
  readonly __typename?: 'StartLivestreamPayload';
  /** The livestream that was started; null when `userErrors` says why none was. */
  readonly livestream?: Maybe<Livestream>;
  /** The meeting that was to be livestreamed; null when there is no such meeting. */
  readonly meeting?: Maybe<Meeting>;
  /** What the caller has to handle; empty when the livestream was started. */
  readonly userErrors: ReadonlyArray<UserError>;
};

/** What to stop. */
export type StopLivestreamInput = {
  /** The id of the meeting whose livestream is to stop: 1 to 64 letters, digits and hyphens. */
  readonly meetingId: Scalars['ID']['input'];
};

/** What came of `stopLivestream`. */
export type StopLivestreamPayload = {
  readonly __typename?: 'StopLivestreamPayload';
  /** The livestream that was stopped, in its new state; null when `userErrors` says why none was. */
  readonly livestream?: Maybe<Livestream>;
  /** The meeting whose livestream was to stop; null when there is no such meeting. */
  readonly meeting?: Maybe<Meeting>;
  /** What the caller has to handle; empty when the livestream was stopped. */
  readonly userErrors: ReadonlyArray<UserError>;
};

/** Everything that can be watched. */
export type Subscription = {
  readonly __typename?: 'Subscription';
  /**
   * Every change of a livestream: its status, its playback URL, its name, its active session. The present state comes at once, then
   * each new one, the latest where several came while nobody was reading. Without an argument: all of the app's livestreams that are
   * `LIVE` or `INVOKED`, and what becomes of them.
   */
  readonly livestreamUpdated: Livestream;
};


/** Everything that can be watched. */
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
  String: ResolverTypeWrapper<Scalars['String']['output']>;
  Boolean: ResolverTypeWrapper<Scalars['Boolean']['output']>;
  Int: ResolverTypeWrapper<Scalars['Int']['output']>;
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
  String: Scalars['String']['output'];
  Boolean: Scalars['Boolean']['output'];
  Int: Scalars['Int']['output'];
};

export type LinkDirectiveArgs = {
  url: Scalars['String']['input'];
  as?: Maybe<Scalars['String']['input']>;
  for?: Maybe<Link__Purpose>;
  import?: Maybe<ReadonlyArray<Maybe<Scalars['link__Import']['input']>>>;
};

export type LinkDirectiveResolver<Result, Parent, ContextType = Context, Args = LinkDirectiveArgs> = DirectiveResolverFn<Result, Parent, ContextType, Args>;

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
  meeting?: Resolver<Maybe<ResolversTypes['Meeting']>, ParentType, ContextType, RequireFields<QueryMeetingArgs, 'id'>>;
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
  date?: Resolver<ResolversTypes['Date'], ParentType, ContextType>;
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
  startLivestream?: Resolver<Maybe<ResolversTypes['StartLivestreamPayload']>, ParentType, ContextType, RequireFields<MutationStartLivestreamArgs, 'input'>>;
  stopLivestream?: Resolver<Maybe<ResolversTypes['StopLivestreamPayload']>, ParentType, ContextType, RequireFields<MutationStopLivestreamArgs, 'input'>>;
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
  key?: KeyDirectiveResolver<any, any, ContextType>;
  shareable?: ShareableDirectiveResolver<any, any, ContextType>;
  tag?: TagDirectiveResolver<any, any, ContextType>;
  authenticated?: AuthenticatedDirectiveResolver<any, any, ContextType>;
  requiresScopes?: RequiresScopesDirectiveResolver<any, any, ContextType>;
  cost?: CostDirectiveResolver<any, any, ContextType>;
  listSize?: ListSizeDirectiveResolver<any, any, ContextType>;
};
