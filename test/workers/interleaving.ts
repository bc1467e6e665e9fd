import { at, type TestGateway } from '../support/gateway.ts';
import { objectOf, startIsolate } from './isolate.ts';

export const MAX_AGE_MS = 1_000;
export const KEYS = { reader: ['livestream:read'], writer: ['livestream:read', 'livestream:write'], nobody: [] };

export type Step =
  | { kind: 'read'; by: keyof typeof KEYS | 'unknown'; get: boolean }
  /** A read whose response is on its way until the next delivery. */
  | { kind: 'slow read'; get: boolean }
  | { kind: 'deliver' }
  /** Another livestream in the meeting: by mutations through this isolate (`here`), or another one. */
  | { kind: 'change'; here: boolean }
  | { kind: 'wait'; ms: number };

/** Two isolates in front of one object. The answers of one of them are compared with what was true when. */
export function createInterleavings(gateway: TestGateway) {
  const { clock } = gateway;
  const meetingId = gateway.exampleIds.emptyMeetingId;
  const query = `{ meeting(id: "${meetingId}") { activeLivestream { name } } }`;
  const object = objectOf(gateway);
  /** The name of the livestream; each is unique. */
  let name: string | null = null;
  let names = 0;
  let served = 0;

  /** Runs the steps with new isolates, and returns what was wrong with the answers. */
  async function run(steps: readonly Step[]): Promise<string[]> {
    // The budget of upstream requests is for 5 minutes.
    clock.advance(300_000);
    const wrong: string[] = [];
    /** All names in this run, and since when. */
    const history = [{ since: 0, name }];
    /** The latest change that passed the isolate. */
    let seen = 0;
    /** Called when the object has answered a slow read. */
    let onSlowAnswer: (() => void) | null = null;
    const waiting: (() => void)[] = [];
    const slowReads: Promise<unknown>[] = [];
    const here = startIsolate(
      async (request) => {
        const onAnswer = onSlowAnswer;
        const response = await object(request);
        if (onAnswer === null) return response;
        onAnswer();
        await new Promise<void>((resolve) => waiting.push(resolve));
        return response;
      },
      { clock, maxAgeMs: MAX_AGE_MS },
    );
    const elsewhere = startIsolate(object, { clock, maxAgeMs: MAX_AGE_MS });

    const send = async (by: string, get: boolean) =>
      get ? here.get(query, { 'x-api-key': by }) : here.post(query, { headers: { 'x-api-key': by } });

    async function read({ by, get }: Step & { kind: 'read' }): Promise<void> {
      const { status, text, wasForwarded } = await send(by, get);
      if (by === 'unknown' || by === 'nobody') {
        const isRejected = by === 'unknown' ? status === 401 : text.includes('FORBIDDEN');
        if (!isRejected || !wasForwarded || /"n\d/.test(text)) wrong.push(`${by} got ${status} ${text}`);
        return;
      }
      if (!wasForwarded) served += 1;
      const answer = at(JSON.parse(text), 'data', 'meeting', 'activeLivestream', 'name') ?? null;
      const oldest = history.findLastIndex(({ since }) => since <= clock.now() - MAX_AGE_MS);
      const allowed = history.slice(Math.max(oldest, seen)).map((change) => change.name);
      if (!allowed.some((allowedName) => allowedName === answer))
        wrong.push(`${by} got ${text}, not of ${allowed.join()}`);
    }

    async function startSlowRead({ get }: Step & { kind: 'slow read' }): Promise<void> {
      const answered = Promise.withResolvers<void>();
      onSlowAnswer = answered.resolve;
      const reading = send('reader', get);
      slowReads.push(reading);
      await Promise.race([reading, answered.promise]);
      onSlowAnswer = null;
    }

    async function deliver(): Promise<void> {
      for (const resolve of waiting.splice(0)) resolve();
      await Promise.all(slowReads.splice(0));
    }

    async function change({ here: isHere }: Step & { kind: 'change' }): Promise<void> {
      const mutate = async (mutation: string): Promise<void> => {
        const isolate = isHere ? here : elsewhere;
        const { text } = await isolate.post(`mutation { ${mutation} }`, { headers: { 'x-api-key': 'writer' } });
        if (!text.includes('"userErrors":[]')) wrong.push(`a mutation failed: ${text}`);
      };
      if (name !== null) await mutate(`stopLivestream(input: { meetingId: "${meetingId}" }) { userErrors { code } }`);
      name = `n${(names += 1)}`;
      const input = `{ meetingId: "${meetingId}", name: "${name}" }`;
      await mutate(`startLivestream(input: ${input}) { userErrors { code } }`);
      history.push({ since: clock.now(), name });
      if (isHere) seen = history.length - 1;
    }

    for (const step of steps) {
      if (step.kind === 'read') await read(step);
      else if (step.kind === 'slow read') await startSlowRead(step);
      else if (step.kind === 'deliver') await deliver();
      else if (step.kind === 'change') await change(step);
      else clock.advance(step.ms);
    }
    await deliver();
    return wrong;
  }

  return {
    run,
    /** The number of answers from the isolate's cache so far. */
    servedCount: () => served,
  };
}
