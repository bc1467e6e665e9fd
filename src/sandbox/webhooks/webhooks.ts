import type { Clock } from '../../lib/clock.ts';
import { createRandom } from '../random.ts';
import type { SandboxClock } from '../sandboxClock.ts';
import type { SandboxSettings } from '../settings.ts';
import type { World } from '../world.ts';
import { Courier, type Deliver } from './sender.ts';
import { type EndReason, meetingEnded, meetingStarted, statusUpdate } from './payloads.ts';
import { WebhookRegistry, type Webhook, type WebhookEventName } from './registry.ts';
import type { WebhookSettings } from './webhookSettings.ts';
import { SigningKey } from './signingKey.ts';
import { type Change, Watcher } from './watcher.ts';

/** For `shuffled`: the same disorder at every start. */
const SEED = 20_260_116;

export interface WebhookOptions {
  clock: SandboxClock;
  base: Clock;
  deliver: Deliver;
  world: () => World;
  settings: () => SandboxSettings;
}

/** Tells registered webhooks what happens in the world. */
export class Webhooks {
  readonly registry = new WebhookRegistry();
  readonly key = new SigningKey();
  readonly courier: Courier;
  readonly #options: WebhookOptions;
  readonly #watcher: Watcher;

  constructor(options: WebhookOptions) {
    const { base, clock, deliver, settings } = options;
    this.#options = options;
    this.#watcher = new Watcher(clock, base, (change) => this.#tellChange(change));
    this.courier = new Courier({
      clock: base,
      random: createRandom(SEED),
      key: this.key,
      deliver,
      settings: () => settings().webhooks,
      now: () => clock.now(),
      isWanted: (id) => this.registry.isEnabled(id),
    });
  }

  /** To be called after whatever may have changed the world, its time or the webhooks. */
  look(): void {
    if (this.registry.isHeard) this.#watcher.look(this.#options.world());
    else this.#watcher.rest();
  }

  tellMeetingStarted(meetingId: string): void {
    const world = this.#options.world();
    const meeting = world.meeting(meetingId);
    if (meeting === undefined) return;
    const gathering = world.gather(meetingId);
    this.#tell('meeting.started', ({ appId }) => meetingStarted(meeting, gathering, appId));
  }

  /** Ends the meeting, and with it its livestream; of the two, the livestream's end is told first. */
  tellMeetingEnded(meetingId: string, reason: EndReason): void {
    const world = this.#options.world();
    const meeting = world.meeting(meetingId);
    if (meeting === undefined) return;
    const ended = { gathering: world.disperse(meetingId), at: world.now, reason };
    this.look();
    this.#tell('meeting.ended', ({ appId }) => meetingEnded(meeting, ended, appId));
  }

  /** Forgets the webhooks, and gives up what waits to be sent to them. */
  stop(): void {
    this.registry.clear();
    this.#watcher.rest();
    this.courier.stop();
  }

  #tellChange(change: Change): void {
    const { world, settings } = this.#options;
    const status = toldStatus(change, settings().webhooks);
    if (status === undefined) return;
    const { livestream } = change;
    const meeting = livestream.meetingId === undefined ? undefined : world().meeting(livestream.meetingId);
    const update = { livestream, meeting, status, now: world().now };
    this.#tell('livestreaming.statusUpdate', ({ appId }) => statusUpdate(update, appId, settings().shapes));
  }

  #tell(event: WebhookEventName, payload: (webhook: Webhook) => unknown): void {
    if (!this.#options.settings().webhooks.enabled) return;
    for (const webhook of this.registry.wanting(event)) this.courier.dispatch(webhook, event, payload(webhook));
  }
}

/** The word that a webhook has for a change; undefined: it does not tell it. */
function toldStatus({ status, isNewStatus }: Change, settings: WebhookSettings): string | undefined {
  const tellsAll = settings.statuses === 'all';
  if (!isNewStatus && !tellsAll) return undefined;
  switch (status) {
    case 'LIVE':
      return status;
    case 'INVOKED':
      return tellsAll ? status : undefined;
    case 'ERRORED':
      return tellsAll ? status : settings.stopped;
    case 'IDLE':
    case 'OFFLINE':
      return settings.stopped;
    default:
      return status satisfies never;
  }
}
