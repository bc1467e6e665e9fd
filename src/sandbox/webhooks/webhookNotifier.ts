import type { Clock } from '../../lib/clock.ts';
import { createRandom } from '../random.ts';
import type { SandboxClock } from '../sandboxClock.ts';
import type { SandboxSettings } from '../settings.ts';
import type { World } from '../world.ts';
import { WebhookSender, type Deliver } from './sender.ts';
import { type EndReason, meetingEndedPayload, meetingStartedPayload, statusUpdatePayload } from './payloads.ts';
import { WebhookRegistry, type WebhookRecord, type WebhookEventName } from './registry.ts';
import type { WebhookSettings } from './webhookSettings.ts';
import { SigningKey } from './signingKey.ts';
import { type LivestreamChange, ChangeDetector } from './changeDetector.ts';

/** For `shuffled`: the same disorder at every start. */
const SEED = 20_260_116;

export interface WebhookNotifierOptions {
  clock: SandboxClock;
  base: Clock;
  deliver: Deliver;
  world: () => World;
  settings: () => SandboxSettings;
}

/** Tells registered webhooks what happens in the world. */
export class WebhookNotifier {
  readonly registry = new WebhookRegistry();
  readonly key = new SigningKey();
  readonly sender: WebhookSender;
  readonly #options: WebhookNotifierOptions;
  readonly #watcher: ChangeDetector;

  constructor(options: WebhookNotifierOptions) {
    const { base, clock, deliver, settings } = options;
    this.#options = options;
    this.#watcher = new ChangeDetector(clock, base, (change) => this.#tellChange(change));
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

  /** To be called after whatever may have changed the world, its time or the webhooks. */
  checkForChanges(): void {
    if (this.registry.hasEnabled) this.#watcher.check(this.#options.world());
    else this.#watcher.reset();
  }

  meetingStarted(meetingId: string): void {
    const world = this.#options.world();
    const meeting = world.meeting(meetingId);
    if (meeting === undefined) return;
    const gathering = world.startMeetingSession(meetingId);
    this.#tell('meeting.started', ({ appId }) => meetingStartedPayload(meeting, gathering, appId));
  }

  /** Ends the meeting, and with it its livestream; of the two, the livestream's end is told first. */
  meetingEnded(meetingId: string, reason: EndReason): void {
    const world = this.#options.world();
    const meeting = world.meeting(meetingId);
    if (meeting === undefined) return;
    const ended = { gathering: world.endMeetingSession(meetingId), at: world.now, reason };
    this.checkForChanges();
    this.#tell('meeting.ended', ({ appId }) => meetingEndedPayload(meeting, ended, appId));
  }

  /** Forgets the webhooks, and gives up what waits to be sent to them. */
  stop(): void {
    this.registry.clear();
    this.#watcher.reset();
    this.sender.stop();
  }

  #tellChange(change: LivestreamChange): void {
    const { world, settings } = this.#options;
    const status = webhookStatus(change, settings().webhooks);
    if (status === undefined) return;
    const { livestream } = change;
    const meeting = livestream.meetingId === undefined ? undefined : world().meeting(livestream.meetingId);
    const update = { livestream, meeting, status, now: world().now };
    this.#tell('livestreaming.statusUpdate', ({ appId }) =>
      statusUpdatePayload(update, appId, settings().responseFormats),
    );
  }

  #tell(event: WebhookEventName, payload: (webhook: WebhookRecord) => unknown): void {
    if (!this.#options.settings().webhooks.enabled) return;
    for (const webhook of this.registry.subscribedTo(event)) this.sender.send(webhook, event, payload(webhook));
  }
}

/** The word that a webhook has for a change; undefined: it does not tell it. */
function webhookStatus({ status, isNewStatus }: LivestreamChange, settings: WebhookSettings): string | undefined {
  const tellsAll = settings.statuses === 'all';
  if (!isNewStatus && !tellsAll) return undefined;
  switch (status) {
    case 'LIVE':
      return status;
    case 'INVOKED':
      return tellsAll ? status : undefined;
    case 'ERRORED':
      return tellsAll ? status : settings.endStatus;
    case 'IDLE':
    case 'OFFLINE':
      return settings.endStatus;
    default:
      return status satisfies never;
  }
}
