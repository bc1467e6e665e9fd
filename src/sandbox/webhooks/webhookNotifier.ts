import type { Clock } from '../../lib/clock.ts';
import type { MeetingRecord } from '../records.ts';
import { createRandom } from '../random.ts';
import type { SandboxClock } from '../sandboxClock.ts';
import type { SandboxSettings, WebhookSettings } from '../settings.ts';
import type { World } from '../world.ts';
import { WebhookSender, type Deliver } from './sender.ts';
import { type EndReason, meetingEndedPayload, meetingStartedPayload, statusUpdatePayload } from './payloads.ts';
import { WebhookRegistry, type WebhookRecord, type WebhookEventName } from './registry.ts';
import { SigningKey } from './signingKey.ts';
import { type LivestreamChange, ChangeDetector } from './changeDetector.ts';

/** The seed for the order `shuffled`, which is the same at every start. */
const SEED = 20_260_116;

export interface WebhookNotifierOptions {
  clock: SandboxClock;
  base: Clock;
  deliver: Deliver;
  world: () => World;
  settings: () => SandboxSettings;
}

/** Notifies the registered webhooks of changes in the world. */
export class WebhookNotifier {
  readonly registry = new WebhookRegistry();
  readonly key = new SigningKey();
  readonly sender: WebhookSender;
  readonly #options: WebhookNotifierOptions;
  readonly #changes: ChangeDetector;

  constructor(options: WebhookNotifierOptions) {
    const { base, clock, deliver, settings } = options;
    this.#options = options;
    this.#changes = new ChangeDetector(clock, base, (change) => this.#notifyOfChange(change));
    this.sender = new WebhookSender({
      clock: base,
      random: createRandom(SEED),
      key: this.key,
      deliver,
      settings: () => settings().webhooks,
      now: () => clock.now(),
      isEnabled: (id) => this.registry.isEnabled(id),
    });
  }

  /** Notifies of changed livestreams. Must be called after anything that may change the world, its time or the webhooks. */
  checkForChanges(): void {
    if (this.registry.hasEnabled) this.#changes.check(this.#options.world());
    else this.#changes.reset();
  }

  /** Starts the meeting's session, and notifies of it. */
  meetingStarted(meeting: MeetingRecord): void {
    const session = this.#options.world().startMeetingSession(meeting.id);
    this.#notify('meeting.started', ({ appId }) => meetingStartedPayload(meeting, session, appId));
  }

  /** Ends the meeting's session and its livestream, and notifies of both, the livestream first. */
  meetingEnded(meeting: MeetingRecord, reason: EndReason): void {
    const world = this.#options.world();
    const ended = { session: world.endMeetingSession(meeting.id), at: world.now, reason };
    this.checkForChanges();
    this.#notify('meeting.ended', ({ appId }) => meetingEndedPayload(meeting, ended, appId));
  }

  /** Removes the webhooks, and cancels their deliveries. */
  stop(): void {
    this.registry.clear();
    this.#changes.reset();
    this.sender.stop();
  }

  #notifyOfChange(change: LivestreamChange): void {
    const { world, settings } = this.#options;
    const status = webhookStatus(change, settings().webhooks);
    if (status === undefined) return;
    const { livestream } = change;
    const meeting = livestream.meetingId === undefined ? undefined : world().meetings.get(livestream.meetingId);
    const update = { livestream, meeting, status, now: world().now };
    this.#notify('livestreaming.statusUpdate', ({ appId }) =>
      statusUpdatePayload(update, appId, settings().responseFormats),
    );
  }

  #notify(event: WebhookEventName, payload: (webhook: WebhookRecord) => unknown): void {
    if (!this.#options.settings().webhooks.enabled) return;
    for (const webhook of this.registry.subscribedTo(event)) this.sender.send(webhook, event, payload(webhook));
  }
}

/** The status that webhooks get for a change; undefined if they get none. */
function webhookStatus({ status, isNewStatus }: LivestreamChange, settings: WebhookSettings): string | undefined {
  const includesAll = settings.statuses === 'all';
  if (!isNewStatus && !includesAll) return undefined;
  switch (status) {
    case 'LIVE':
      return status;
    case 'INVOKED':
      return includesAll ? status : undefined;
    case 'ERRORED':
      return includesAll ? status : settings.endStatus;
    case 'IDLE':
    case 'OFFLINE':
      return settings.endStatus;
    default:
      return status satisfies never;
  }
}
