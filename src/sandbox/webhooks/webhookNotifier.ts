import type { MeetingRecord } from '../records.ts';
import type { WebhookSettings } from '../settings.ts';
import type { World } from '../world.ts';
import { WebhookSender, type WebhookSenderOptions } from './sender.ts';
import { meetingOfEvent, statusUpdate } from './payloads.ts';
import type { WebhookEventName, WebhookRecord, Webhooks } from './webhookRecord.ts';
import { SigningKey } from './signingKey.ts';
import { type LivestreamChange, createChangeDetector } from './changeDetector.ts';

export interface WebhookNotifierOptions extends WebhookSenderOptions {
  world: () => World;
}

/** Notifies the registered webhooks of changes in the world. */
export class WebhookNotifier {
  readonly webhooks: Webhooks = new Map();
  readonly key = new SigningKey();
  readonly sender: WebhookSender;
  readonly #options: WebhookNotifierOptions;
  readonly #changes: ReturnType<typeof createChangeDetector>;

  constructor(options: WebhookNotifierOptions) {
    this.#options = options;
    this.#changes = createChangeDetector(options.clock, options.base, (change) => this.#notifyOfChange(change));
    this.sender = new WebhookSender(options, this.webhooks, this.key);
  }

  /** Notifies of changed livestreams. Must be called after anything that may change the world, its time or the webhooks. */
  checkForChanges(): void {
    if (this.#enabledWebhooks().length > 0) this.#changes.check(this.#options.world());
    else this.#changes.reset();
  }

  /** Starts the meeting's session, and notifies of it. */
  meetingStarted(meeting: MeetingRecord): void {
    const session = this.#options.world().startMeetingSession(meeting.id);
    this.#notify('meeting.started', (appId) => ({ meeting: meetingOfEvent(meeting, session, appId) }));
  }

  /** Ends the meeting's session and its livestream, and notifies of both, the livestream first. */
  meetingEnded(meeting: MeetingRecord, reason: string): void {
    const world = this.#options.world();
    const session = world.endMeetingSession(meeting.id);
    const endedAt = world.now;
    this.checkForChanges();
    this.#notify('meeting.ended', (appId) => ({ meeting: meetingOfEvent(meeting, session, appId, endedAt), reason }));
  }

  /** Removes the webhooks, and cancels their deliveries. */
  stop(): void {
    this.webhooks.clear();
    this.#changes.reset();
    this.sender.stop();
  }

  #enabledWebhooks(): WebhookRecord[] {
    return [...this.webhooks.values()].filter(({ enabled }) => enabled);
  }

  #notifyOfChange(change: LivestreamChange): void {
    const { world, settings } = this.#options;
    const { webhooks, responseFormats } = settings();
    const status = webhookStatus(change, webhooks);
    if (status === undefined) return;
    this.#notify('livestreaming.statusUpdate', (appId) =>
      statusUpdate(change.livestream, status, world(), appId, responseFormats),
    );
  }

  /** Sends an event to the webhooks that subscribe to it, with the fields that `write` returns for each app. */
  #notify(event: WebhookEventName, write: (appId: string) => object): void {
    if (!this.#options.settings().webhooks.enabled) return;
    for (const webhook of this.#enabledWebhooks().filter(({ events }) => events.includes(event))) {
      this.sender.send(webhook, event, { event, ...write(webhook.appId) });
    }
  }
}

/** The status that webhooks get for a change; undefined if they get none. */
function webhookStatus({ status, isNewStatus }: LivestreamChange, settings: WebhookSettings): string | undefined {
  const isDocumented = settings.statuses === 'documented';
  if (isDocumented && (status === 'INVOKED' || !isNewStatus)) return undefined;
  if (status === 'IDLE' || status === 'OFFLINE' || (status === 'ERRORED' && isDocumented)) return settings.endStatus;
  return status;
}
