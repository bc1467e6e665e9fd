import type { AuthSettings } from '../../auth/authenticate.ts';
import { REPORT_HEADER } from '../answerOperation.ts';
import {
  ENTITIES,
  ERRORS,
  LIVESTREAM,
  LIVE_NOW,
  MEETING,
  PAGES,
  SESSION,
  START,
  STOP,
  WATCH,
} from './exampleOperations.ts';
import type { GraphiqlOptions } from './page.ts';

/** Ids of existing objects for the example operations. */
export interface ExampleIds {
  liveMeetingId: string;
  idleMeetingId: string;
  liveLivestreamId: string;
  endedSessionId: string;
}

interface Served {
  /** The sandbox's; null for a real app, for which the examples leave the ids blank. */
  exampleIds: ExampleIds | null;
  /** The host of the RealtimeKit API; null for the sandbox. */
  upstreamHost: string | null;
  auth: AuthSettings['kind'];
  /** Whether callers may request a report of their operation's upstream requests: the examples do. */
  upstreamReport: boolean;
  /** Whether callers may ask what an operation would cost. */
  costReport: boolean;
}

/** Returns what GraphiQL shows: a tab for each example operation, all of which run as they are on the sandbox. */
export function graphiqlOptions({
  exampleIds: ids,
  upstreamHost,
  auth,
  upstreamReport,
  costReport,
}: Served): GraphiqlOptions {
  const livestreamId = ids?.liveLivestreamId ?? '';
  const idleMeeting = { meetingId: ids?.idleMeetingId ?? '' };
  const liveMeeting = { meetingId: ids?.liveMeetingId ?? '' };
  return {
    upstreamHost,
    auth,
    costReport,
    headers: { ...(auth !== 'none' && { authorization: 'Bearer ' }), ...(upstreamReport && { [REPORT_HEADER]: '1' }) },
    tabs: [
      createTab(LIVE_NOW),
      createTab(PAGES, { first: 5, after: null }),
      createTab(MEETING, liveMeeting),
      createTab(LIVESTREAM, { livestreamId }),
      createTab(SESSION, { sessionId: ids?.endedSessionId ?? '' }),
      createTab(START, { input: { ...idleMeeting, name: 'Product launch', video: { width: 1280, height: 720 } } }),
      createTab(WATCH, idleMeeting),
      createTab(STOP, { input: idleMeeting }),
      createTab(ERRORS, { livestreamId }),
      createTab(ENTITIES, { livestreamId, ...liveMeeting }),
    ],
  };
}

function createTab(query: string, variables?: object) {
  return { query: query.trimStart(), variables: variables === undefined ? '' : JSON.stringify(variables, null, 2) };
}
