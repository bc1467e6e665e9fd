import { dailyAnalytics, overallAnalytics } from './analytics.ts';
import { type EndpointResult, ApiError } from './responses.ts';
import type { RestCall } from './restCall.ts';
import { listLivestreams, listLivestreamsOfMeeting, listMeetings } from './lists.ts';
import type { LivestreamRecord } from './records.ts';
import { paginate } from './paging.ts';
import type { DocumentedTypes } from './responseFormats.ts';
import { parseStart } from './parseStart.ts';
import {
  addWebhook,
  editWebhook,
  listWebhooks,
  getWebhook,
  removeWebhook,
  replaceWebhook,
} from './webhooks/webhookRoutes.ts';

/** An endpoint of the API. */
export interface Endpoint {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** The path below `/accounts/{account_id}/realtime/kit/{app_id}`. */
  template: string;
  /** Handles a request; throws an `ApiError` if the API rejects it. */
  handle(call: RestCall): EndpointResult;
  /** The types that its documentation lists, where they differ from those of the other endpoints. */
  types?: Partial<DocumentedTypes>;
}

/** The API's endpoints. A template with a fixed segment must come before one that would match the segment as an id. */
export const ENDPOINTS: readonly Endpoint[] = [
  { method: 'GET', template: '/meetings', handle: listMeetings },
  { method: 'GET', template: '/meetings/{meeting_id}', handle: meeting },
  { method: 'GET', template: '/meetings/{meeting_id}/active-livestream', handle: activeLivestream },
  { method: 'POST', template: '/meetings/{meeting_id}/active-livestream/stop', handle: stop },
  {
    method: 'GET',
    template: '/meetings/{meeting_id}/livestream',
    handle: listLivestreamsOfMeeting,
    types: { numbers: 'string', disabled: 'boolean' },
  },
  { method: 'POST', template: '/meetings/{meeting_id}/livestreams', handle: start },
  { method: 'GET', template: '/livestreams', handle: listLivestreams },
  { method: 'GET', template: '/livestreams/sessions/{livestream_session_id}', handle: session },
  { method: 'GET', template: '/livestreams/{livestream_id}', handle: livestream },
  {
    method: 'GET',
    template: '/livestreams/{livestream_id}/active-livestream-session',
    handle: activeSession,
    types: { numbers: 'string' },
  },
  { method: 'GET', template: '/analytics/livestreams/overall', handle: overallAnalytics },
  { method: 'GET', template: '/analytics/livestreams/daywise', handle: dailyAnalytics },
  { method: 'GET', template: '/webhooks', handle: listWebhooks },
  { method: 'POST', template: '/webhooks', handle: addWebhook },
  { method: 'GET', template: '/webhooks/{webhook_id}', handle: getWebhook },
  { method: 'PUT', template: '/webhooks/{webhook_id}', handle: replaceWebhook },
  { method: 'PATCH', template: '/webhooks/{webhook_id}', handle: editWebhook },
  { method: 'DELETE', template: '/webhooks/{webhook_id}', handle: removeWebhook },
];

function meeting({ id, world, writer }: RestCall): EndpointResult {
  const meeting = world.meeting(id);
  if (meeting === undefined) return { kind: 'notFound', message: 'Meeting not found' };
  return { kind: 'found', data: writer.meeting(meeting) };
}

function activeLivestream({ id, world, writer }: RestCall): EndpointResult {
  const active = world.activeLivestreamOf(id);
  if (active === undefined) return { kind: 'notFound', message: 'No active livestream found for this meeting' };
  return { kind: 'found', data: writer.livestream(active) };
}

function activeSession({ id, world, writer }: RestCall): EndpointResult {
  const livestream = world.livestream(id);
  const session = world.activeSessionOf(id);
  if (livestream === undefined || session === undefined) {
    return { kind: 'notFound', message: 'No active session found for this livestream' };
  }
  return { kind: 'found', data: { livestream: writer.livestream(livestream), session: writer.session(session) } };
}

function session({ id, world, writer }: RestCall): EndpointResult {
  const session = world.session(id);
  if (session === undefined) return { kind: 'notFound', message: 'Livestream session not found' };
  // The documentation of this endpoint is the only one that does not list `invoked_time` for a session.
  return { kind: 'found', data: { ...writer.session(session), invoked_time: undefined } };
}

function livestream(call: RestCall): EndpointResult {
  const livestream = call.world.livestream(call.id);
  if (livestream === undefined) return { kind: 'notFound', message: 'Livestream not found' };
  const isFlat = call.settings.responseFormats.livestreamById === 'flat';
  return { kind: 'found', data: isFlat ? flatLivestream(livestream, call) : nestedLivestream(livestream, call) };
}

/** The other format: the livestream's fields with the sums of its sessions. */
function flatLivestream(livestream: LivestreamRecord, { world, writer, settings: { responseFormats } }: RestCall) {
  const meters = responseFormats.optionalFields === 'missing' ? {} : writer.meters(world.sessionsOf(livestream.id));
  return { ...writer.livestream(livestream), ...meters };
}

/** The documented format: the livestream with a page of its sessions, latest first. A page has room for one session. */
function nestedLivestream(livestream: LivestreamRecord, { world, query, writer, settings }: RestCall) {
  const { rows, paging } = paginate(world.sessionsOf(livestream.id), query, settings.responseFormats, 1);
  const [session] = rows;
  return {
    livestream: writer.livestream(livestream),
    session: session === undefined ? null : writer.session(session),
    paging,
  };
}

function start({ id, body, world, writer, settings }: RestCall): EndpointResult {
  const { name } = parseStart(body);
  if (world.meeting(id) === undefined) throw new ApiError(404, 404, 'Meeting not found');
  if (world.activeLivestreamOf(id) !== undefined) {
    throw new ApiError(409, 409, 'The meeting is already being livestreamed');
  }
  const started = world.start(id, { name, ...settings });
  return { kind: 'found', status: 201, data: writer.started(started) };
}

function stop({ id, world }: RestCall): EndpointResult {
  if (!world.stop(id)) throw new ApiError(404, 404, 'No active livestream found for this meeting');
  return { kind: 'found', data: { message: 'Livestream stopped successfully' } };
}
