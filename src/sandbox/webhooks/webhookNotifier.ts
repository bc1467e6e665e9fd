import type { MeetingRecord } from '../records.ts';
import type { WebhookSettings } from '../settings.ts';
import type { World } from '../world.ts';
import { createWebhookSender, type WebhookSenderOptions } from './sender.ts';
import { meetingOfEvent, statusUpdate } from './payloads.ts';
import type { WebhookEventName, Webhooks } from './webhookRecord.ts';
import { createSigningKey } from './signingKey.ts';
import { type LivestreamChange, createChangeDetector } from './changeDetector.ts';

interface WebhookNotifierOptions extends WebhookSenderOptions {
  world: () => World;
}

/** Notifies the registered webhooks of changes in the world. */
export type WebhookNotifier = ReturnType<typeof createWebhookNotifier>;

export function createWebhookNotifier(options: WebhookNotifierOptions) {
  const { world, settings } = options;
  const webhooks: Webhooks = new Map();
  const key = createSigningKey();
  const sender = createWebhookSender(options, webhooks, key);
  const changes = createChangeDetector(options.clock, options.base, notifyOfChange);

  function notifyOfChange(change: LivestreamChange): void {
    const status = webhookStatus(change, settings().webhooks);
    if (status === undefined) return;
    notify('livestreaming.statusUpdate', (appId) =>
      statusUpdate(change.livestream, status, world(), appId, settings().responseFormats),
    );
  }

  /** Sends an event to the webhooks that subscribe to it, with the fields that `write` returns for each app. */
  function notify(event: WebhookEventName, write: (appId: string) => object): void {
    if (!settings().webhooks.enabled) return;
    for (const webhook of webhooks.values()) {
      const isSubscribed = webhook.enabled && webhook.events.includes(event);
      if (isSubscribed) sender.send(webhook, event, { event, ...write(webhook.appId) });
    }
  }

  /** Notifies of changed livestreams. Must be called after anything that may change the world, its time or the webhooks. */
  function checkForChanges(): void {
    if (webhooks.values().some(({ enabled }) => enabled)) changes.check(world());
    else changes.reset();
  }

  return {
    webhooks,
    key,
    sender,
    checkForChanges,
    /** Starts the meeting's session, and notifies of it. */
    meetingStarted(meeting: MeetingRecord): void {
      const session = world().startMeetingSession(meeting.id);
      notify('meeting.started', (appId) => ({ meeting: meetingOfEvent(meeting, session, appId) }));
    },
    /** Ends the meeting's session and its livestream, and notifies of both, the livestream first. */
    meetingEnded(meeting: MeetingRecord, reason: string): void {
      const session = world().endMeetingSession(meeting.id);
      const endedAt = world().now();
      checkForChanges();
      notify('meeting.ended', (appId) => ({ meeting: meetingOfEvent(meeting, session, appId, endedAt), reason }));
    },
    /** Removes the webhooks, and cancels their deliveries. */
    stop(): void {
      webhooks.clear();
      changes.reset();
      sender.stop();
    },
  };
}

/** The status that webhooks get for a change; undefined if they get none. */
function webhookStatus({ status, isNewStatus }: LivestreamChange, settings: WebhookSettings): string | undefined {
  const isDocumented = settings.statuses === 'documented';
  if (isDocumented && (status === 'INVOKED' || !isNewStatus)) return undefined;
  if (status === 'IDLE' || status === 'OFFLINE' || (status === 'ERRORED' && isDocumented)) return settings.endStatus;
  return status;
}
