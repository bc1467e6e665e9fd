import * as v from 'valibot';

import { dailyAnalytics, overallAnalytics } from './analytics.ts';
import { RequestError, lenientObject, parseInput, requireFound, string } from './input.ts';
import { listLivestreams, listLivestreamsOfMeeting, listMeetings, paginate } from './lists.ts';
import type { DocumentedTypes } from './responseFormats.ts';
import type { EndpointResult, RestCall } from './restCall.ts';
import { WEBHOOK_EVENTS } from './webhooks/webhookRecord.ts';
import {
  addWebhook,
  editWebhook,
  listWebhooks,
  getWebhook,
  removeWebhook,
  replaceWebhook,
} from './webhooks/webhookRoutes.ts';

/** The endpoints of the API. A path with a fixed segment must come before one that would match the segment as an id. */
const ENDPOINTS = [
  endpoint('GET', '/meetings', listMeetings),
  endpoint('GET', '/meetings/{meeting_id}', meeting),
  endpoint('GET', '/meetings/{meeting_id}/active-livestream', activeLivestream),
  endpoint('POST', '/meetings/{meeting_id}/active-livestream/stop', stop),
  endpoint('GET', '/meetings/{meeting_id}/livestream', listLivestreamsOfMeeting, {
    types: { numbers: 'string', disabled: 'boolean' },
  }),
  endpoint('POST', '/meetings/{meeting_id}/livestreams', start, { status: 201 }),
  endpoint('GET', '/livestreams', listLivestreams),
  endpoint('GET', '/livestreams/sessions/{livestream_session_id}', session),
  endpoint('GET', '/livestreams/{livestream_id}', livestream),
  endpoint('GET', '/livestreams/{livestream_id}/active-livestream-session', activeSession, {
    types: { numbers: 'string' },
  }),
  endpoint('GET', '/analytics/livestreams/overall', overallAnalytics),
  endpoint('GET', '/analytics/livestreams/daywise', dailyAnalytics),
  endpoint('GET', '/webhooks', listWebhooks),
  endpoint('POST', '/webhooks', addWebhook, { status: 201 }),
  endpoint('GET', '/webhooks/all', () => ({ data: WEBHOOK_EVENTS })),
  endpoint('GET', '/webhooks/{webhook_id}', getWebhook),
  endpoint('PUT', '/webhooks/{webhook_id}', replaceWebhook),
  endpoint('PATCH', '/webhooks/{webhook_id}', editWebhook),
  endpoint('DELETE', '/webhooks/{webhook_id}', removeWebhook),
];

interface EndpointOptions {
  /** The status of a successful response, instead of 200. */
  status?: number;
  types?: DocumentedTypes;
}

/**
 * An endpoint of the API. `template` is the path below `/accounts/{account_id}/realtime/kit/{app_id}`. `handle` handles a request; it
 * throws a `RequestError` if the API rejects the request.
 */
function endpoint(
  method: string,
  template: string,
  handle: (call: RestCall) => EndpointResult,
  { status = 200, types }: EndpointOptions = {},
) {
  const pattern = new RegExp(`^${template.replace(/\{\w+\}/, '([^/]+)')}$`);
  return { method, template, handle, status, types, pattern };
}

const BASE = /^\/client\/v4\/accounts\/[^/]+\/realtime\/kit\/([^/]+)(\/.*)$/;

/** The path of the public key for webhook signatures, relative to the origin, not to the API. */
export const WEBHOOK_KEY_PATH = '/.well-known/webhooks.json';

/** The API's route templates, which the request log and faults use. */
export const ROUTE_TEMPLATES: readonly string[] = [...new Set(ENDPOINTS.map((endpoint) => endpoint.template))];

export type Match = ReturnType<typeof matchRoute>;

/** Finds the endpoint of a request, for any account and any app. Without one, `status` is 405 if the path has other methods, else 404. */
export function matchRoute(method: string, pathname: string) {
  const [, appId = '', path = ''] = BASE.exec(pathname) ?? [];
  const endpoints = ENDPOINTS.filter(({ pattern }) => pattern.test(path));
  const endpoint = endpoints.find((candidate) => candidate.method === method);
  if (endpoint === undefined) return { endpoint, status: endpoints.length > 0 ? 405 : 404 };
  return { endpoint, appId, id: endpoint.pattern.exec(path)?.[1] ?? '' };
}

const PIXELS = 'must be a positive number';
const pixels = v.exactOptional(v.pipe(v.number(PIXELS), v.gtValue(0, PIXELS)));
const START = lenientObject({
  name: v.exactOptional(string),
  video_config: v.exactOptional(lenientObject({ width: pixels, height: pixels })),
});

function meeting({ id, world, writer }: RestCall) {
  return { data: writer.meeting(requireFound(world.meetings.get(id), 'Meeting not found')) };
}

function activeLivestream({ id, world, writer }: RestCall) {
  const active = requireFound(world.activeLivestreamOf(id), 'No active livestream found for this meeting');
  return { data: writer.livestream(active) };
}

function activeSession({ id, world, writer }: RestCall) {
  const message = 'No active session found for this livestream';
  const livestream = requireFound(world.livestreams.get(id), message);
  const session = requireFound(world.activeSessionOf(id), message);
  return { data: { livestream: writer.livestream(livestream), session: writer.session(session) } };
}

function session({ id, world, writer }: RestCall) {
  const session = requireFound(world.sessions.get(id), 'Livestream session not found');
  // The documentation of this endpoint is the only one that does not list `invoked_time` for a session.
  return { data: { ...writer.session(session), invoked_time: undefined } };
}

/** The documented format is the livestream with a page of its sessions, latest first, which has room for one session. */
function livestream({ id, query, world, writer, formats }: RestCall) {
  const livestream = writer.livestream(requireFound(world.livestreams.get(id), 'Livestream not found'));
  const sessions = world.sessionsOf(id);
  if (formats.livestreamById === 'flat') return { data: { ...livestream, ...writer.meters(sessions) } };
  const { rows, paging } = paginate(sessions, query, formats, 1);
  const [session] = rows.map((row) => writer.session(row));
  return { data: { livestream, session: session ?? null, paging } };
}

function start({ id, body, world, writer, settings }: RestCall) {
  const { name } = parseInput(START, body);
  requireFound(world.meetings.get(id), 'Meeting not found');
  if (world.activeLivestreamOf(id) !== undefined) {
    throw new RequestError('The meeting is already being livestreamed', 409);
  }
  return { data: writer.started(world.start(id, name, settings)) };
}

function stop({ id, world }: RestCall) {
  if (!world.stop(id)) throw new RequestError('No active livestream found for this meeting', 404);
  return { data: { message: 'Livestream stopped successfully' } };
}
