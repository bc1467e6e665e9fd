import { ALONE, type Setup, WITH_API_KEY, WITH_SHORT_TIMEOUTS, WITH_TRUSTED_DOCUMENTS } from './setups.ts';

/** A request that brings about an error on the sandbox, and what to do about the error. */
export interface ErrorExample {
  code: string;
  /** The part of the response that contains the code. */
  place: 'userErrors' | 'errors';
  /** What the error means, as a sentence. */
  cause: string;
  /** What a user interface should do, in sentences. */
  advice: string;
  /** The body of the request. */
  body: Readonly<Record<string, unknown>>;
  /** Headers besides the content type. */
  headers?: Readonly<Record<string, string>>;
  /** Faults of the sandbox, of which the documentation is in docs/sandbox.md. */
  faults?: readonly Readonly<Record<string, unknown>>[];
  /** `broken`: a gateway with a simulated bug. Default: `npm start` without settings. */
  setup?: Setup | 'broken';
}

/** Objects of the sandbox's seed data. */
const LIVE_MEETING = 'ee92faa1-d467-4416-ab16-59d273777fbb';
const EMPTY_MEETING = 'deed2d0b-d85e-4efe-9e83-516c0dc998d9';
const LIVE_LIVESTREAM = 'aba6fda5-5ad3-4d3f-95af-1e26225e26c7';
/**
 * Each failing read is of another livestream, because the gateway serves what it has read before. None of them is in a list of active
 * livestreams, which clients of a gateway in use read all the time.
 */
const ERRORED_LIVESTREAM = 'f9827478-2840-4cd3-bdd0-1c94999fc818';
const OFFLINE_LIVESTREAM = '604efcd2-531d-4404-b48d-f4a4196effce';
const DISABLED_LIVESTREAM = '625f502a-0f91-41f6-a491-e7add44e8600';
const IDLE_LIVESTREAM = '1e97c08b-8dec-477a-93bd-3e5d67f0b164';

const start = (input: string): string => `mutation {
  startLivestream(input: { ${input} }) {
    livestream { id status }
    userErrors { code message field }
  }
}`;

const nameOf = (livestreamId: string): string => `{
  livestream(id: "${livestreamId}") { name status }
}`;

const TOTAL = '{ livestreams { totalCount } }';

/** The hash of no document. */
const PERSISTED_QUERY = {
  persistedQuery: { version: 1, sha256Hash: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' },
};

/** One example for each code of docs/errors.md, in the order of its tables. */
export const ERROR_EXAMPLES: readonly ErrorExample[] = [
  {
    code: 'BAD_USER_INPUT',
    place: 'userErrors',
    cause: 'A value of the input is invalid. Nothing was changed.',
    advice:
      'Show `message` at the input that `field` names, and keep what the user has entered. If `field` is null, show it above the form.',
    body: { query: start(`meetingId: "${EMPTY_MEETING}", video: { width: 0, height: 720 }`) },
  },
  {
    code: 'NOT_FOUND',
    place: 'userErrors',
    cause: 'The meeting does not exist or, for a stop, has no active livestream. Nothing was changed.',
    advice:
      'Say that the meeting does not exist or, after a stop, that its livestream has ended already. Then load the data again.',
    body: { query: start('meetingId: "no-such-meeting"') },
  },
  {
    code: 'CONFLICT',
    place: 'userErrors',
    cause: 'The meeting has an active livestream already. Nothing was changed.',
    advice:
      'Read `Meeting.activeLivestream` and show that livestream, with a button to stop it. Do not start again: somebody else has started it.',
    body: { query: start(`meetingId: "${LIVE_MEETING}"`) },
  },
  {
    code: 'OUTCOME_UNKNOWN',
    place: 'userErrors',
    cause: 'The request was sent, no response arrived, and reading the meeting back failed, too.',
    advice:
      'Say that the livestream may have started, disable the button, and read `Meeting.activeLivestream` until there is an answer. Offer to start again only if it is null.',
    body: { query: start(`meetingId: "${EMPTY_MEETING}"`) },
    faults: [
      { kind: 'reset', method: 'POST' },
      { kind: 'status', status: 503, method: 'GET' },
    ],
  },
  {
    code: 'BAD_USER_INPUT',
    place: 'errors',
    cause: 'An argument is invalid. Nothing was sent to RealtimeKit.',
    advice:
      'If the value comes from the user or from the URL of the page, show the message, or that the page does not exist. Otherwise the client has a bug: report it.',
    body: { query: nameOf('not an id') },
  },
  {
    code: 'UNAUTHENTICATED',
    place: 'errors',
    cause: 'The credential is missing, invalid or expired.',
    advice:
      'Get a new credential, without the user if possible, and send the request once more. If that fails, show the page to sign in.',
    body: { query: '{ upstreamBudget { remaining } }' },
    setup: WITH_API_KEY,
  },
  {
    code: 'FORBIDDEN',
    place: 'errors',
    cause:
      'The caller lacks the scope that the message names. The other fields are returned, unless the field is a list, or another one that is never null: then its parent is null, too.',
    advice:
      'Show the other data, and either hide what requires the scope or say whom to ask for access. Do not offer a retry.',
    body: { query: `{ livestream(id: "${LIVE_LIVESTREAM}") { name streamKey } }` },
    headers: { 'x-api-key': 'demo-key' },
    setup: WITH_API_KEY,
  },
  {
    code: 'RATE_LIMITED',
    place: 'errors',
    cause: "RealtimeKit's request limit is used up.",
    advice:
      'Keep the data that is on the screen, and send the request again after `retryAfterSeconds`. Until then, do not poll. If there is no data yet, show how long it takes.',
    body: { query: nameOf(DISABLED_LIVESTREAM) },
    faults: [{ kind: 'status', status: 429, retryAfterSeconds: 30 }],
    setup: ALONE,
  },
  {
    code: 'QUERY_TOO_EXPENSIVE',
    place: 'errors',
    cause: 'The operation could cost more upstream requests than one operation may.',
    advice:
      'The client has a bug: it should request smaller pages, or the details of those rows alone that are visible.',
    body: {
      query: `{
  meetings(first: 100) {
    nodes { livestreams(first: 100) { nodes { activeSession { viewerSeconds } } } }
  }
}`,
    },
  },
  {
    code: 'UPSTREAM_TIMEOUT',
    place: 'errors',
    cause: 'RealtimeKit did not respond in time.',
    advice:
      'Keep the data that is on the screen, and offer a retry where data is missing. Retry automatically only a few times, with growing delays.',
    body: { query: nameOf(ERRORED_LIVESTREAM) },
    faults: [{ kind: 'hang', method: 'GET' }],
    setup: WITH_SHORT_TIMEOUTS,
  },
  {
    code: 'UPSTREAM_UNAVAILABLE',
    place: 'errors',
    cause: 'RealtimeKit cannot be reached or fails. The gateway has repeated the read already.',
    advice:
      'Keep the data that is on the screen, and offer a retry where data is missing. Retry automatically only a few times, with growing delays.',
    body: { query: nameOf(OFFLINE_LIVESTREAM) },
    faults: [{ kind: 'status', status: 503, method: 'GET' }],
  },
  {
    code: 'UPSTREAM_INVALID_RESPONSE',
    place: 'errors',
    cause:
      'RealtimeKit, or a proxy in between, responded with something else than the API documents, or rejects a setting of the gateway.',
    advice:
      "Say that the service has a problem, and show `upstream.ray`, if present, for Cloudflare's support. Do not offer a retry.",
    body: { query: nameOf(IDLE_LIVESTREAM) },
    faults: [{ kind: 'not-json', method: 'GET' }],
  },
  {
    code: 'INTERNAL_SERVER_ERROR',
    place: 'errors',
    cause:
      'The gateway has a bug. No query on the sandbox brings this about: the example simulates a bug, an HTTP client that throws an unexpected error.',
    advice:
      'Say that something went wrong, and show `requestId`, with which the operator finds the details in the log. Do not offer a retry.',
    body: { query: nameOf(LIVE_LIVESTREAM) },
    setup: 'broken',
  },
  {
    code: 'OPERATION_RESOLUTION_FAILURE',
    place: 'errors',
    cause: 'The document has no operation of the name in `operationName`, or has several and no name was sent.',
    advice: 'The client has a bug: report it, and show a general message.',
    body: { query: `query A ${TOTAL} query B ${TOTAL}` },
  },
  {
    code: 'BAD_REQUEST',
    place: 'errors',
    cause: 'The request is not a GraphQL request: here, it has no document.',
    advice: 'The client has a bug, or a proxy changes its requests: report it, and show a general message.',
    body: { variables: {} },
  },
  {
    code: 'PERSISTED_QUERY_NOT_FOUND',
    place: 'errors',
    cause: 'No document has this hash, or a restart or newer documents have removed it.',
    advice:
      'Nothing, because the client sends the text: the links of Apollo Client and urql do so by themselves, and the user notices nothing.',
    body: { extensions: PERSISTED_QUERY },
  },
  {
    code: 'PERSISTED_QUERY_NOT_SUPPORTED',
    place: 'errors',
    cause: 'The gateway serves only trusted documents, and the hash is that of no such document.',
    advice:
      'Ask the user to reload the page, which may be outdated. Register the documents of each version of the client before it is deployed.',
    body: { extensions: PERSISTED_QUERY },
    setup: WITH_TRUSTED_DOCUMENTS,
  },
  {
    code: 'PERSISTED_QUERY_HASH_MISMATCH',
    place: 'errors',
    cause: 'The hash is not the SHA-256 of the text.',
    advice: 'The client has a bug: report it, and show a general message.',
    body: { query: TOTAL, extensions: PERSISTED_QUERY },
  },
  {
    code: 'GRAPHQL_PARSE_FAILED',
    place: 'errors',
    cause: 'The document has a syntax error.',
    advice:
      'The client has a bug: report it, and show a general message. Generated types find such a bug when the client is built.',
    body: { query: '{ livestreams { totalCount }' },
  },
  {
    code: 'GRAPHQL_VALIDATION_FAILED',
    place: 'errors',
    cause: 'The document does not fit the schema: here, a field does not exist.',
    advice:
      'Ask the user to reload the page, which may be older than the schema. If that does not help, the client has a bug: report it.',
    body: { query: '{ livestreams { total } }' },
  },
];
