/* eslint-disable */
import * as types from './graphql.ts';



/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  query LivestreamName($id: ID!) {\n    livestream(id: $id) {\n      name\n    }\n  }\n": typeof types.LivestreamNameDocument,
    "\n  query SessionCounts {\n    livestreams(first: 100) {\n      nodes {\n        sessions(first: 1) {\n          totalCount\n        }\n      }\n    }\n  }\n": typeof types.SessionCountsDocument,
    "\n  mutation StartThenCancel($meetingId: ID!) {\n    startLivestream(input: { meetingId: $meetingId }) {\n      livestream {\n        id\n      }\n    }\n  }\n": typeof types.StartThenCancelDocument,
    "\n  query OneLivestream($id: ID!) {\n    livestream(id: $id) {\n      name\n    }\n  }\n": typeof types.OneLivestreamDocument,
    "\n  query FiftyWithSessions {\n    livestreams(first: 50, filter: { status: LIVE }) {\n      nodes {\n        id\n        activeSession {\n          id\n        }\n      }\n    }\n  }\n": typeof types.FiftyWithSessionsDocument,
    "\n  query EveryId($id: ID!) {\n    meeting(id: $id) {\n      id\n      title\n    }\n    livestream(id: $id) {\n      id\n    }\n    livestreamSession(id: $id) {\n      id\n    }\n  }\n": typeof types.EveryIdDocument,
    "\n  mutation EveryIdOfMutations($id: ID!) {\n    startLivestream(input: { meetingId: $id }) {\n      userErrors {\n        code\n      }\n    }\n    stopLivestream(input: { meetingId: $id }) {\n      userErrors {\n        code\n      }\n    }\n  }\n": typeof types.EveryIdOfMutationsDocument,
    "\n  mutation Start($input: StartLivestreamInput!) {\n    startLivestream(input: $input) {\n      livestream {\n        id\n        name\n        status\n      }\n      meeting {\n        id\n      }\n      userErrors {\n        code\n        message\n        field\n      }\n    }\n  }\n": typeof types.StartDocument,
    "\n  mutation StartInFull($input: StartLivestreamInput!) {\n    startLivestream(input: $input) {\n      livestream {\n        id\n        name\n        status\n        disabled\n        ingestServer\n        streamKey\n        playbackUrl\n        createdAt\n        updatedAt\n        meeting {\n          id\n          title\n        }\n        activeSession {\n          id\n          invokedAt\n          startedAt\n        }\n      }\n      meeting {\n        activeLivestream {\n          id\n          name\n        }\n      }\n      userErrors {\n        code\n      }\n    }\n  }\n": typeof types.StartInFullDocument,
    "\n  mutation Stop($meetingId: ID!) {\n    stopLivestream(input: { meetingId: $meetingId }) {\n      livestream {\n        id\n        name\n        status\n        activeSession {\n          id\n        }\n      }\n      meeting {\n        id\n        activeLivestream {\n          id\n        }\n      }\n      userErrors {\n        code\n        message\n        field\n      }\n    }\n  }\n": typeof types.StopDocument,
    "\n  query Active($id: ID!) {\n    meeting(id: $id) {\n      activeLivestream {\n        id\n        status\n      }\n    }\n  }\n": typeof types.ActiveDocument,
    "\n  mutation StopStartStop($meetingId: ID!) {\n    before: stopLivestream(input: { meetingId: $meetingId }) {\n      ...StopResult\n    }\n    started: startLivestream(input: { meetingId: $meetingId }) {\n      livestream {\n        id\n      }\n      meeting {\n        activeLivestream {\n          id\n          status\n        }\n      }\n    }\n    after: stopLivestream(input: { meetingId: $meetingId }) {\n      ...StopResult\n    }\n  }\n\n  fragment StopResult on StopLivestreamPayload {\n    livestream {\n      id\n      status\n    }\n    meeting {\n      activeLivestream {\n        id\n      }\n    }\n  }\n": typeof types.StopStartStopDocument,
    "\n  mutation StopBetweenReads($meetingId: ID!) {\n    before: startLivestream(input: { meetingId: $meetingId, video: { width: 0, height: 1 } }) {\n      meeting {\n        activeLivestream {\n          id\n          status\n        }\n      }\n    }\n    stopLivestream(input: { meetingId: $meetingId }) {\n      meeting {\n        activeLivestream {\n          id\n        }\n      }\n    }\n    after: startLivestream(input: { meetingId: $meetingId, video: { width: 1, height: 0 } }) {\n      meeting {\n        activeLivestream {\n          id\n        }\n      }\n    }\n  }\n": typeof types.StopBetweenReadsDocument,
    "\n  query LivestreamsPage($first: Int, $after: String, $filter: LivestreamFilter, $orderBy: LivestreamOrder) {\n    livestreams(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {\n      edges {\n        cursor\n        node {\n          id\n        }\n      }\n      nodes {\n        id\n        status\n        createdAt\n        meeting {\n          id\n        }\n      }\n      pageInfo {\n        hasNextPage\n        hasPreviousPage\n        startCursor\n        endCursor\n      }\n      totalCount\n    }\n  }\n": typeof types.LivestreamsPageDocument,
    "\n  query MeetingsPage($first: Int, $after: String, $search: String) {\n    meetings(first: $first, after: $after, search: $search) {\n      edges {\n        cursor\n        node {\n          id\n        }\n      }\n      nodes {\n        id\n        title\n      }\n      pageInfo {\n        hasNextPage\n        hasPreviousPage\n        startCursor\n        endCursor\n      }\n      totalCount\n    }\n  }\n": typeof types.MeetingsPageDocument,
    "\n  query MeetingLivestreamsPage($id: ID!, $first: Int, $after: String) {\n    meeting(id: $id) {\n      livestreams(first: $first, after: $after) {\n        edges {\n          cursor\n          node {\n            id\n          }\n        }\n        nodes {\n          id\n        }\n        pageInfo {\n          hasNextPage\n          hasPreviousPage\n          startCursor\n          endCursor\n        }\n        totalCount\n      }\n    }\n  }\n": typeof types.MeetingLivestreamsPageDocument,
    "\n  query Everything(\n    $meetingId: ID!\n    $livestreamId: ID!\n    $idleId: ID!\n    $erroredSessionId: ID!\n    $independentSessionId: ID!\n  ) {\n    meeting(id: $meetingId) {\n      ...MeetingFields\n      activeLivestream {\n        ...LivestreamFields\n      }\n      livestreams(first: 2) {\n        ...LivestreamsFields\n      }\n    }\n    meetings(first: 3) {\n      edges {\n        node {\n          ...MeetingFields\n        }\n      }\n      nodes {\n        ...MeetingFields\n      }\n      totalCount\n    }\n    livestream(id: $livestreamId) {\n      ...LivestreamFields\n    }\n    idle: livestream(id: $idleId) {\n      ...LivestreamFields\n    }\n    livestreams(first: 3) {\n      ...LivestreamsFields\n    }\n    livestreamSession(id: $erroredSessionId) {\n      ...SessionFields\n      livestream {\n        ...LivestreamFields\n      }\n    }\n    independent: livestreamSession(id: $independentSessionId) {\n      ...SessionFields\n    }\n  }\n\n  fragment MeetingFields on Meeting {\n    id\n    title\n    status\n    createdAt\n    updatedAt\n  }\n\n  fragment LivestreamFields on Livestream {\n    id\n    name\n    status\n    disabled\n    ingestServer\n    streamKey\n    playbackUrl\n    createdAt\n    updatedAt\n    meeting {\n      ...MeetingFields\n    }\n    activeSession {\n      ...SessionFields\n    }\n  }\n\n  fragment SessionFields on LivestreamSession {\n    id\n    errorMessage\n    ingestSeconds\n    viewerSeconds\n    invokedAt\n    startedAt\n    stoppedAt\n    createdAt\n    updatedAt\n  }\n\n  fragment LivestreamsFields on LivestreamConnection {\n    edges {\n      node {\n        ...LivestreamFields\n      }\n    }\n    nodes {\n      ...LivestreamFields\n    }\n    totalCount\n  }\n": typeof types.EverythingDocument,
    "\n  query NotFound($id: ID!, $emptyMeetingId: ID!, $erroredLivestreamId: ID!) {\n    livestream(id: $id) {\n      id\n    }\n    livestreamSession(id: $id) {\n      id\n    }\n    meeting(id: $id) {\n      id\n      title\n      status\n      createdAt\n      updatedAt\n      activeLivestream {\n        id\n      }\n      livestreams {\n        nodes {\n          id\n        }\n        totalCount\n      }\n    }\n    quiet: meeting(id: $emptyMeetingId) {\n      activeLivestream {\n        id\n      }\n    }\n    failed: livestream(id: $erroredLivestreamId) {\n      id\n      activeSession {\n        id\n      }\n    }\n  }\n": typeof types.NotFoundDocument,
    "\n        query Independent($id: ID!) {\n          livestream(id: $id) {\n            name\n            meeting {\n              id\n            }\n            activeSession {\n              id\n            }\n          }\n        }\n      ": typeof types.IndependentDocument,
    "\n  query MeetingWithSession($id: ID!) {\n    meeting(id: $id) {\n      id\n      activeLivestream {\n        id\n        status\n        name\n        playbackUrl\n        activeSession {\n          id\n          viewerSeconds\n        }\n      }\n    }\n  }\n": typeof types.MeetingWithSessionDocument,
    "\n  query LiveWithSessions($first: Int!, $filter: LivestreamFilter) {\n    livestreams(first: $first, filter: $filter) {\n      nodes {\n        id\n        status\n        activeSession {\n          id\n          livestream {\n            id\n            name\n          }\n        }\n      }\n    }\n  }\n": typeof types.LiveWithSessionsDocument,
    "\n  query MeetingIdAlone($id: ID!) {\n    meeting(id: $id) {\n      id\n    }\n  }\n": typeof types.MeetingIdAloneDocument,
    "\n  query LivestreamWithSession($id: ID!) {\n    livestream(id: $id) {\n      status\n      activeSession {\n        id\n      }\n    }\n  }\n": typeof types.LivestreamWithSessionDocument,
    "\n  mutation StartWithSession($meetingId: ID!) {\n    startLivestream(input: { meetingId: $meetingId }) {\n      livestream {\n        id\n        activeSession {\n          livestream {\n            createdAt\n            name\n          }\n        }\n      }\n    }\n  }\n": typeof types.StartWithSessionDocument,
    "\n  query SessionWithLivestreamId($id: ID!) {\n    livestreamSession(id: $id) {\n      id\n      livestream {\n        __typename\n        id\n      }\n    }\n  }\n": typeof types.SessionWithLivestreamIdDocument,
    "\n  query ActiveLivestreamsOfPage {\n    livestreams(first: 50, filter: { status: LIVE }) {\n      nodes {\n        id\n        meeting {\n          activeLivestream {\n            id\n            name\n          }\n        }\n      }\n    }\n  }\n": typeof types.ActiveLivestreamsOfPageDocument,
    "\n        query ListThenLivestream($id: ID!) {\n          livestreams(first: 100, filter: { status: LIVE }) {\n            totalCount\n          }\n          livestreamSession(id: $id) {\n            livestream {\n              id\n              name\n            }\n          }\n        }\n      ": typeof types.ListThenLivestreamDocument,
};
const documents: Documents = {
    "\n  query LivestreamName($id: ID!) {\n    livestream(id: $id) {\n      name\n    }\n  }\n": types.LivestreamNameDocument,
    "\n  query SessionCounts {\n    livestreams(first: 100) {\n      nodes {\n        sessions(first: 1) {\n          totalCount\n        }\n      }\n    }\n  }\n": types.SessionCountsDocument,
    "\n  mutation StartThenCancel($meetingId: ID!) {\n    startLivestream(input: { meetingId: $meetingId }) {\n      livestream {\n        id\n      }\n    }\n  }\n": types.StartThenCancelDocument,
    "\n  query OneLivestream($id: ID!) {\n    livestream(id: $id) {\n      name\n    }\n  }\n": types.OneLivestreamDocument,
    "\n  query FiftyWithSessions {\n    livestreams(first: 50, filter: { status: LIVE }) {\n      nodes {\n        id\n        activeSession {\n          id\n        }\n      }\n    }\n  }\n": types.FiftyWithSessionsDocument,
    "\n  query EveryId($id: ID!) {\n    meeting(id: $id) {\n      id\n      title\n    }\n    livestream(id: $id) {\n      id\n    }\n    livestreamSession(id: $id) {\n      id\n    }\n  }\n": types.EveryIdDocument,
    "\n  mutation EveryIdOfMutations($id: ID!) {\n    startLivestream(input: { meetingId: $id }) {\n      userErrors {\n        code\n      }\n    }\n    stopLivestream(input: { meetingId: $id }) {\n      userErrors {\n        code\n      }\n    }\n  }\n": types.EveryIdOfMutationsDocument,
    "\n  mutation Start($input: StartLivestreamInput!) {\n    startLivestream(input: $input) {\n      livestream {\n        id\n        name\n        status\n      }\n      meeting {\n        id\n      }\n      userErrors {\n        code\n        message\n        field\n      }\n    }\n  }\n": types.StartDocument,
    "\n  mutation StartInFull($input: StartLivestreamInput!) {\n    startLivestream(input: $input) {\n      livestream {\n        id\n        name\n        status\n        disabled\n        ingestServer\n        streamKey\n        playbackUrl\n        createdAt\n        updatedAt\n        meeting {\n          id\n          title\n        }\n        activeSession {\n          id\n          invokedAt\n          startedAt\n        }\n      }\n      meeting {\n        activeLivestream {\n          id\n          name\n        }\n      }\n      userErrors {\n        code\n      }\n    }\n  }\n": types.StartInFullDocument,
    "\n  mutation Stop($meetingId: ID!) {\n    stopLivestream(input: { meetingId: $meetingId }) {\n      livestream {\n        id\n        name\n        status\n        activeSession {\n          id\n        }\n      }\n      meeting {\n        id\n        activeLivestream {\n          id\n        }\n      }\n      userErrors {\n        code\n        message\n        field\n      }\n    }\n  }\n": types.StopDocument,
    "\n  query Active($id: ID!) {\n    meeting(id: $id) {\n      activeLivestream {\n        id\n        status\n      }\n    }\n  }\n": types.ActiveDocument,
    "\n  mutation StopStartStop($meetingId: ID!) {\n    before: stopLivestream(input: { meetingId: $meetingId }) {\n      ...StopResult\n    }\n    started: startLivestream(input: { meetingId: $meetingId }) {\n      livestream {\n        id\n      }\n      meeting {\n        activeLivestream {\n          id\n          status\n        }\n      }\n    }\n    after: stopLivestream(input: { meetingId: $meetingId }) {\n      ...StopResult\n    }\n  }\n\n  fragment StopResult on StopLivestreamPayload {\n    livestream {\n      id\n      status\n    }\n    meeting {\n      activeLivestream {\n        id\n      }\n    }\n  }\n": types.StopStartStopDocument,
    "\n  mutation StopBetweenReads($meetingId: ID!) {\n    before: startLivestream(input: { meetingId: $meetingId, video: { width: 0, height: 1 } }) {\n      meeting {\n        activeLivestream {\n          id\n          status\n        }\n      }\n    }\n    stopLivestream(input: { meetingId: $meetingId }) {\n      meeting {\n        activeLivestream {\n          id\n        }\n      }\n    }\n    after: startLivestream(input: { meetingId: $meetingId, video: { width: 1, height: 0 } }) {\n      meeting {\n        activeLivestream {\n          id\n        }\n      }\n    }\n  }\n": types.StopBetweenReadsDocument,
    "\n  query LivestreamsPage($first: Int, $after: String, $filter: LivestreamFilter, $orderBy: LivestreamOrder) {\n    livestreams(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {\n      edges {\n        cursor\n        node {\n          id\n        }\n      }\n      nodes {\n        id\n        status\n        createdAt\n        meeting {\n          id\n        }\n      }\n      pageInfo {\n        hasNextPage\n        hasPreviousPage\n        startCursor\n        endCursor\n      }\n      totalCount\n    }\n  }\n": types.LivestreamsPageDocument,
    "\n  query MeetingsPage($first: Int, $after: String, $search: String) {\n    meetings(first: $first, after: $after, search: $search) {\n      edges {\n        cursor\n        node {\n          id\n        }\n      }\n      nodes {\n        id\n        title\n      }\n      pageInfo {\n        hasNextPage\n        hasPreviousPage\n        startCursor\n        endCursor\n      }\n      totalCount\n    }\n  }\n": types.MeetingsPageDocument,
    "\n  query MeetingLivestreamsPage($id: ID!, $first: Int, $after: String) {\n    meeting(id: $id) {\n      livestreams(first: $first, after: $after) {\n        edges {\n          cursor\n          node {\n            id\n          }\n        }\n        nodes {\n          id\n        }\n        pageInfo {\n          hasNextPage\n          hasPreviousPage\n          startCursor\n          endCursor\n        }\n        totalCount\n      }\n    }\n  }\n": types.MeetingLivestreamsPageDocument,
    "\n  query Everything(\n    $meetingId: ID!\n    $livestreamId: ID!\n    $idleId: ID!\n    $erroredSessionId: ID!\n    $independentSessionId: ID!\n  ) {\n    meeting(id: $meetingId) {\n      ...MeetingFields\n      activeLivestream {\n        ...LivestreamFields\n      }\n      livestreams(first: 2) {\n        ...LivestreamsFields\n      }\n    }\n    meetings(first: 3) {\n      edges {\n        node {\n          ...MeetingFields\n        }\n      }\n      nodes {\n        ...MeetingFields\n      }\n      totalCount\n    }\n    livestream(id: $livestreamId) {\n      ...LivestreamFields\n    }\n    idle: livestream(id: $idleId) {\n      ...LivestreamFields\n    }\n    livestreams(first: 3) {\n      ...LivestreamsFields\n    }\n    livestreamSession(id: $erroredSessionId) {\n      ...SessionFields\n      livestream {\n        ...LivestreamFields\n      }\n    }\n    independent: livestreamSession(id: $independentSessionId) {\n      ...SessionFields\n    }\n  }\n\n  fragment MeetingFields on Meeting {\n    id\n    title\n    status\n    createdAt\n    updatedAt\n  }\n\n  fragment LivestreamFields on Livestream {\n    id\n    name\n    status\n    disabled\n    ingestServer\n    streamKey\n    playbackUrl\n    createdAt\n    updatedAt\n    meeting {\n      ...MeetingFields\n    }\n    activeSession {\n      ...SessionFields\n    }\n  }\n\n  fragment SessionFields on LivestreamSession {\n    id\n    errorMessage\n    ingestSeconds\n    viewerSeconds\n    invokedAt\n    startedAt\n    stoppedAt\n    createdAt\n    updatedAt\n  }\n\n  fragment LivestreamsFields on LivestreamConnection {\n    edges {\n      node {\n        ...LivestreamFields\n      }\n    }\n    nodes {\n      ...LivestreamFields\n    }\n    totalCount\n  }\n": types.EverythingDocument,
    "\n  query NotFound($id: ID!, $emptyMeetingId: ID!, $erroredLivestreamId: ID!) {\n    livestream(id: $id) {\n      id\n    }\n    livestreamSession(id: $id) {\n      id\n    }\n    meeting(id: $id) {\n      id\n      title\n      status\n      createdAt\n      updatedAt\n      activeLivestream {\n        id\n      }\n      livestreams {\n        nodes {\n          id\n        }\n        totalCount\n      }\n    }\n    quiet: meeting(id: $emptyMeetingId) {\n      activeLivestream {\n        id\n      }\n    }\n    failed: livestream(id: $erroredLivestreamId) {\n      id\n      activeSession {\n        id\n      }\n    }\n  }\n": types.NotFoundDocument,
    "\n        query Independent($id: ID!) {\n          livestream(id: $id) {\n            name\n            meeting {\n              id\n            }\n            activeSession {\n              id\n            }\n          }\n        }\n      ": types.IndependentDocument,
    "\n  query MeetingWithSession($id: ID!) {\n    meeting(id: $id) {\n      id\n      activeLivestream {\n        id\n        status\n        name\n        playbackUrl\n        activeSession {\n          id\n          viewerSeconds\n        }\n      }\n    }\n  }\n": types.MeetingWithSessionDocument,
    "\n  query LiveWithSessions($first: Int!, $filter: LivestreamFilter) {\n    livestreams(first: $first, filter: $filter) {\n      nodes {\n        id\n        status\n        activeSession {\n          id\n          livestream {\n            id\n            name\n          }\n        }\n      }\n    }\n  }\n": types.LiveWithSessionsDocument,
    "\n  query MeetingIdAlone($id: ID!) {\n    meeting(id: $id) {\n      id\n    }\n  }\n": types.MeetingIdAloneDocument,
    "\n  query LivestreamWithSession($id: ID!) {\n    livestream(id: $id) {\n      status\n      activeSession {\n        id\n      }\n    }\n  }\n": types.LivestreamWithSessionDocument,
    "\n  mutation StartWithSession($meetingId: ID!) {\n    startLivestream(input: { meetingId: $meetingId }) {\n      livestream {\n        id\n        activeSession {\n          livestream {\n            createdAt\n            name\n          }\n        }\n      }\n    }\n  }\n": types.StartWithSessionDocument,
    "\n  query SessionWithLivestreamId($id: ID!) {\n    livestreamSession(id: $id) {\n      id\n      livestream {\n        __typename\n        id\n      }\n    }\n  }\n": types.SessionWithLivestreamIdDocument,
    "\n  query ActiveLivestreamsOfPage {\n    livestreams(first: 50, filter: { status: LIVE }) {\n      nodes {\n        id\n        meeting {\n          activeLivestream {\n            id\n            name\n          }\n        }\n      }\n    }\n  }\n": types.ActiveLivestreamsOfPageDocument,
    "\n        query ListThenLivestream($id: ID!) {\n          livestreams(first: 100, filter: { status: LIVE }) {\n            totalCount\n          }\n          livestreamSession(id: $id) {\n            livestream {\n              id\n              name\n            }\n          }\n        }\n      ": types.ListThenLivestreamDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query LivestreamName($id: ID!) {\n    livestream(id: $id) {\n      name\n    }\n  }\n"): typeof import('./graphql.ts').LivestreamNameDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query SessionCounts {\n    livestreams(first: 100) {\n      nodes {\n        sessions(first: 1) {\n          totalCount\n        }\n      }\n    }\n  }\n"): typeof import('./graphql.ts').SessionCountsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation StartThenCancel($meetingId: ID!) {\n    startLivestream(input: { meetingId: $meetingId }) {\n      livestream {\n        id\n      }\n    }\n  }\n"): typeof import('./graphql.ts').StartThenCancelDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query OneLivestream($id: ID!) {\n    livestream(id: $id) {\n      name\n    }\n  }\n"): typeof import('./graphql.ts').OneLivestreamDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query FiftyWithSessions {\n    livestreams(first: 50, filter: { status: LIVE }) {\n      nodes {\n        id\n        activeSession {\n          id\n        }\n      }\n    }\n  }\n"): typeof import('./graphql.ts').FiftyWithSessionsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query EveryId($id: ID!) {\n    meeting(id: $id) {\n      id\n      title\n    }\n    livestream(id: $id) {\n      id\n    }\n    livestreamSession(id: $id) {\n      id\n    }\n  }\n"): typeof import('./graphql.ts').EveryIdDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation EveryIdOfMutations($id: ID!) {\n    startLivestream(input: { meetingId: $id }) {\n      userErrors {\n        code\n      }\n    }\n    stopLivestream(input: { meetingId: $id }) {\n      userErrors {\n        code\n      }\n    }\n  }\n"): typeof import('./graphql.ts').EveryIdOfMutationsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation Start($input: StartLivestreamInput!) {\n    startLivestream(input: $input) {\n      livestream {\n        id\n        name\n        status\n      }\n      meeting {\n        id\n      }\n      userErrors {\n        code\n        message\n        field\n      }\n    }\n  }\n"): typeof import('./graphql.ts').StartDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation StartInFull($input: StartLivestreamInput!) {\n    startLivestream(input: $input) {\n      livestream {\n        id\n        name\n        status\n        disabled\n        ingestServer\n        streamKey\n        playbackUrl\n        createdAt\n        updatedAt\n        meeting {\n          id\n          title\n        }\n        activeSession {\n          id\n          invokedAt\n          startedAt\n        }\n      }\n      meeting {\n        activeLivestream {\n          id\n          name\n        }\n      }\n      userErrors {\n        code\n      }\n    }\n  }\n"): typeof import('./graphql.ts').StartInFullDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation Stop($meetingId: ID!) {\n    stopLivestream(input: { meetingId: $meetingId }) {\n      livestream {\n        id\n        name\n        status\n        activeSession {\n          id\n        }\n      }\n      meeting {\n        id\n        activeLivestream {\n          id\n        }\n      }\n      userErrors {\n        code\n        message\n        field\n      }\n    }\n  }\n"): typeof import('./graphql.ts').StopDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Active($id: ID!) {\n    meeting(id: $id) {\n      activeLivestream {\n        id\n        status\n      }\n    }\n  }\n"): typeof import('./graphql.ts').ActiveDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation StopStartStop($meetingId: ID!) {\n    before: stopLivestream(input: { meetingId: $meetingId }) {\n      ...StopResult\n    }\n    started: startLivestream(input: { meetingId: $meetingId }) {\n      livestream {\n        id\n      }\n      meeting {\n        activeLivestream {\n          id\n          status\n        }\n      }\n    }\n    after: stopLivestream(input: { meetingId: $meetingId }) {\n      ...StopResult\n    }\n  }\n\n  fragment StopResult on StopLivestreamPayload {\n    livestream {\n      id\n      status\n    }\n    meeting {\n      activeLivestream {\n        id\n      }\n    }\n  }\n"): typeof import('./graphql.ts').StopStartStopDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation StopBetweenReads($meetingId: ID!) {\n    before: startLivestream(input: { meetingId: $meetingId, video: { width: 0, height: 1 } }) {\n      meeting {\n        activeLivestream {\n          id\n          status\n        }\n      }\n    }\n    stopLivestream(input: { meetingId: $meetingId }) {\n      meeting {\n        activeLivestream {\n          id\n        }\n      }\n    }\n    after: startLivestream(input: { meetingId: $meetingId, video: { width: 1, height: 0 } }) {\n      meeting {\n        activeLivestream {\n          id\n        }\n      }\n    }\n  }\n"): typeof import('./graphql.ts').StopBetweenReadsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query LivestreamsPage($first: Int, $after: String, $filter: LivestreamFilter, $orderBy: LivestreamOrder) {\n    livestreams(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {\n      edges {\n        cursor\n        node {\n          id\n        }\n      }\n      nodes {\n        id\n        status\n        createdAt\n        meeting {\n          id\n        }\n      }\n      pageInfo {\n        hasNextPage\n        hasPreviousPage\n        startCursor\n        endCursor\n      }\n      totalCount\n    }\n  }\n"): typeof import('./graphql.ts').LivestreamsPageDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query MeetingsPage($first: Int, $after: String, $search: String) {\n    meetings(first: $first, after: $after, search: $search) {\n      edges {\n        cursor\n        node {\n          id\n        }\n      }\n      nodes {\n        id\n        title\n      }\n      pageInfo {\n        hasNextPage\n        hasPreviousPage\n        startCursor\n        endCursor\n      }\n      totalCount\n    }\n  }\n"): typeof import('./graphql.ts').MeetingsPageDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query MeetingLivestreamsPage($id: ID!, $first: Int, $after: String) {\n    meeting(id: $id) {\n      livestreams(first: $first, after: $after) {\n        edges {\n          cursor\n          node {\n            id\n          }\n        }\n        nodes {\n          id\n        }\n        pageInfo {\n          hasNextPage\n          hasPreviousPage\n          startCursor\n          endCursor\n        }\n        totalCount\n      }\n    }\n  }\n"): typeof import('./graphql.ts').MeetingLivestreamsPageDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Everything(\n    $meetingId: ID!\n    $livestreamId: ID!\n    $idleId: ID!\n    $erroredSessionId: ID!\n    $independentSessionId: ID!\n  ) {\n    meeting(id: $meetingId) {\n      ...MeetingFields\n      activeLivestream {\n        ...LivestreamFields\n      }\n      livestreams(first: 2) {\n        ...LivestreamsFields\n      }\n    }\n    meetings(first: 3) {\n      edges {\n        node {\n          ...MeetingFields\n        }\n      }\n      nodes {\n        ...MeetingFields\n      }\n      totalCount\n    }\n    livestream(id: $livestreamId) {\n      ...LivestreamFields\n    }\n    idle: livestream(id: $idleId) {\n      ...LivestreamFields\n    }\n    livestreams(first: 3) {\n      ...LivestreamsFields\n    }\n    livestreamSession(id: $erroredSessionId) {\n      ...SessionFields\n      livestream {\n        ...LivestreamFields\n      }\n    }\n    independent: livestreamSession(id: $independentSessionId) {\n      ...SessionFields\n    }\n  }\n\n  fragment MeetingFields on Meeting {\n    id\n    title\n    status\n    createdAt\n    updatedAt\n  }\n\n  fragment LivestreamFields on Livestream {\n    id\n    name\n    status\n    disabled\n    ingestServer\n    streamKey\n    playbackUrl\n    createdAt\n    updatedAt\n    meeting {\n      ...MeetingFields\n    }\n    activeSession {\n      ...SessionFields\n    }\n  }\n\n  fragment SessionFields on LivestreamSession {\n    id\n    errorMessage\n    ingestSeconds\n    viewerSeconds\n    invokedAt\n    startedAt\n    stoppedAt\n    createdAt\n    updatedAt\n  }\n\n  fragment LivestreamsFields on LivestreamConnection {\n    edges {\n      node {\n        ...LivestreamFields\n      }\n    }\n    nodes {\n      ...LivestreamFields\n    }\n    totalCount\n  }\n"): typeof import('./graphql.ts').EverythingDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query NotFound($id: ID!, $emptyMeetingId: ID!, $erroredLivestreamId: ID!) {\n    livestream(id: $id) {\n      id\n    }\n    livestreamSession(id: $id) {\n      id\n    }\n    meeting(id: $id) {\n      id\n      title\n      status\n      createdAt\n      updatedAt\n      activeLivestream {\n        id\n      }\n      livestreams {\n        nodes {\n          id\n        }\n        totalCount\n      }\n    }\n    quiet: meeting(id: $emptyMeetingId) {\n      activeLivestream {\n        id\n      }\n    }\n    failed: livestream(id: $erroredLivestreamId) {\n      id\n      activeSession {\n        id\n      }\n    }\n  }\n"): typeof import('./graphql.ts').NotFoundDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n        query Independent($id: ID!) {\n          livestream(id: $id) {\n            name\n            meeting {\n              id\n            }\n            activeSession {\n              id\n            }\n          }\n        }\n      "): typeof import('./graphql.ts').IndependentDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query MeetingWithSession($id: ID!) {\n    meeting(id: $id) {\n      id\n      activeLivestream {\n        id\n        status\n        name\n        playbackUrl\n        activeSession {\n          id\n          viewerSeconds\n        }\n      }\n    }\n  }\n"): typeof import('./graphql.ts').MeetingWithSessionDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query LiveWithSessions($first: Int!, $filter: LivestreamFilter) {\n    livestreams(first: $first, filter: $filter) {\n      nodes {\n        id\n        status\n        activeSession {\n          id\n          livestream {\n            id\n            name\n          }\n        }\n      }\n    }\n  }\n"): typeof import('./graphql.ts').LiveWithSessionsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query MeetingIdAlone($id: ID!) {\n    meeting(id: $id) {\n      id\n    }\n  }\n"): typeof import('./graphql.ts').MeetingIdAloneDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query LivestreamWithSession($id: ID!) {\n    livestream(id: $id) {\n      status\n      activeSession {\n        id\n      }\n    }\n  }\n"): typeof import('./graphql.ts').LivestreamWithSessionDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation StartWithSession($meetingId: ID!) {\n    startLivestream(input: { meetingId: $meetingId }) {\n      livestream {\n        id\n        activeSession {\n          livestream {\n            createdAt\n            name\n          }\n        }\n      }\n    }\n  }\n"): typeof import('./graphql.ts').StartWithSessionDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query SessionWithLivestreamId($id: ID!) {\n    livestreamSession(id: $id) {\n      id\n      livestream {\n        __typename\n        id\n      }\n    }\n  }\n"): typeof import('./graphql.ts').SessionWithLivestreamIdDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ActiveLivestreamsOfPage {\n    livestreams(first: 50, filter: { status: LIVE }) {\n      nodes {\n        id\n        meeting {\n          activeLivestream {\n            id\n            name\n          }\n        }\n      }\n    }\n  }\n"): typeof import('./graphql.ts').ActiveLivestreamsOfPageDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n        query ListThenLivestream($id: ID!) {\n          livestreams(first: 100, filter: { status: LIVE }) {\n            totalCount\n          }\n          livestreamSession(id: $id) {\n            livestream {\n              id\n              name\n            }\n          }\n        }\n      "): typeof import('./graphql.ts').ListThenLivestreamDocument;


export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}
