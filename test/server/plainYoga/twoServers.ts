import { expect } from 'vitest';

import { DEFAULT_CACHING } from '../../../src/data/cachingSettings.ts';
import { DEFAULT_TTL } from '../../../src/data/cache/ttl.ts';
import type { Fault } from '../../../src/sandbox/faults.ts';
import { REQUEST_ID } from '../../../src/server/requestState.ts';
import { GENEROUS_LIMITS } from '../../support/everyOperation.ts';
import {
  asArray,
  at,
  nonNull,
  startTestbed,
  startTestGateway,
  withImmediateShortTimers,
} from '../../support/gateway.ts';
import { connectInProcess } from '../../support/model/world.ts';
import { serveGateway } from '../../support/servedGateway.ts';
import { servePlainYoga } from './plainYoga.ts';
import type { HttpRequest } from './requests.ts';

/** What both servers must agree on. */
export interface Answer {
  status: number;
  contentType: string | null;
  body: string;
}

/** One request, as the gateway and as plain Yoga answer it. */
interface Answers {
  gateway: Answer;
  yoga: Answer;
  /** Whether the gateway's answer came from its response cache. */
  isCached: boolean;
}

/** No limit is in the way of an operation: plain Yoga has none. */
const LIMITS = { ...GENEROUS_LIMITS, aliases: 1e6, rootFields: 1e6, directives: 1e6 };
/** What has expired is read again before either server answers: no stale value is served because time has passed. */
const CACHING = {
  ...DEFAULT_CACHING,
  ttl: { ...DEFAULT_TTL, revalidateTimeoutMs: 1000 },
  maxRequestsPerOperation: 100_000,
};
/** Longer than anything is cached. */
const EXPIRY_MS = 7_200_000;
/** Neither server ever runs out of budget. */
const SETTINGS = { quota: { limit: 1_000_000, enforced: false } };

/**
 * Serves the gateway and plain Yoga over HTTP, each over a sandbox of its own that started in the same state at the same time. Responses
 * of the sandboxes arrive in the order of their requests, so that the errors of a result are always in the same order.
 */
export async function startTwoServers() {
  const [testbed, yogaTestbed] = [await startTestbed(SETTINGS), await startTestbed(SETTINGS)];
  const gateway = await startTestGateway({
    sandboxOf: { testbed },
    intercept: () => connectInProcess(testbed.sandbox).exchange,
    caching: CACHING,
    options: { limits: LIMITS },
  });
  const { operationLogs, exampleIds } = gateway;
  const { url } = await serveGateway(gateway);
  const { baseUrl, exchange } = connectInProcess(yogaTestbed.sandbox);
  const clock = withImmediateShortTimers(yogaTestbed.clock);
  const yogaUrl = await servePlainYoga({ baseUrl, transport: exchange, clock, caching: CACHING });
  /** The bodies of plain Yoga's answers to each operation that the gateway executed, until they expire. */
  const executed = new Map<string, Set<string>>();
  const tally = { requests: 0, withData: 0, withErrors: 0, fromResponseCache: 0 };

  /** Sends a request to both servers. Fails unless the gateway's own handler has answered it there, and nothing of the gateway here. */
  async function send({ search = '', init }: HttpRequest): Promise<Answers> {
    tally.requests += 1;
    const id = `request-${tally.requests}`;
    const sent = { ...init, headers: { ...init.headers, [REQUEST_ID]: id } };
    const [ours, theirs] = await Promise.all([fetch(url + search, sent), fetch(yogaUrl + search, sent)]);
    expect([ours.headers.get(REQUEST_ID), theirs.headers.get(REQUEST_ID)]).toEqual([id, null]);
    // The handler logs each request that it answers.
    expect(operationLogs.length).toBe(tally.requests);
    const { fields } = nonNull(operationLogs.at(-1));
    expect(fields['requestId']).toBe(id);
    const isCached = fields['fromResponseCache'] === true;
    const answers = { gateway: await read(ours), yoga: await read(theirs), isCached };
    if (isCached) tally.fromResponseCache += 1;
    const result: unknown = answers.yoga.body === '' ? {} : JSON.parse(answers.yoga.body);
    if (at(result, 'data') != null) tally.withData += 1;
    if (at(result, 'errors') !== undefined) tally.withErrors += 1;
    return answers;
  }

  return {
    exampleIds,
    send,
    /**
     * Sends a request for an operation to both servers, and expects the same status, content type and body. An answer from the response
     * cache must repeat what plain Yoga answered when the gateway executed the operation: executed again, the operation can get more
     * than the first time, which it has read itself. For example, a session in a list has an `invokedAt`, and one that is read alone has none.
     */
    expectSame: async (request: HttpRequest, operation = JSON.stringify(request)): Promise<void> => {
      const { gateway: answer, yoga, isCached } = await send(request);
      const bodies = executed.get(operation) ?? new Set();
      if (!isCached) executed.set(operation, bodies.add(yoga.body));
      expect(answer).toEqual(isCached && bodies.has(answer.body) ? { ...yoga, body: answer.body } : yoga);
    },
    /** The numbers of requests so far: all, those that plain Yoga answered with data or errors, and those that our response cache answered. */
    tally,
    /** From now on, both sandboxes fail in this way. */
    setFaults: (faults: readonly Fault[]): void => {
      for (const { sandbox } of [testbed, yogaTestbed]) sandbox.setFaults([...faults]);
    },
    /** Advances the clocks of both servers so far that nothing that can change is served from any cache. */
    expireCaches: (): void => {
      executed.clear();
      for (const each of [testbed, yogaTestbed]) each.clock.advance(EXPIRY_MS);
    },
  };
}

export type TwoServers = Awaited<ReturnType<typeof startTwoServers>>;

/** Reads what must be the same. The ids of upstream responses count them, and the gateway sends no more once an error leaves no data. */
async function read(response: Response): Promise<Answer> {
  const { status, headers } = response;
  const body = (await response.text()).replaceAll(/"ray":"[^"]*"/g, '"ray":""');
  return { status, contentType: headers.get('content-type'), body: withoutTiming(body) };
}

/**
 * Replaces what is a matter of time where several fields fail: the order of their errors, and below a position that an error has made
 * null, which of them failed before the result was complete. Of a result without data, the first code is compared.
 */
function withoutTiming(body: string): string {
  const result: unknown = body === '' ? {} : JSON.parse(body);
  const errors = asArray(at(result, 'errors') ?? []);
  if (errors.length === 0 || errors.some((error) => at(error, 'path') === undefined)) return body;
  const data = at(result, 'data');
  const certain = errors.map((error) => JSON.stringify(nullAbove(data, asArray(at(error, 'path'))) ?? error));
  const compared = data === null ? at(errors, 0, 'extensions', 'code') : [...new Set(certain)].toSorted();
  return JSON.stringify({ ...Object(result), errors: compared });
}

/** The path of the null that takes the place of the field with this path; undefined if the field itself is null. */
function nullAbove(data: unknown, path: readonly unknown[]): readonly unknown[] | undefined {
  let value = data;
  for (const [index, key] of path.entries()) {
    if (value === null) return path.slice(0, index);
    value = at(value, typeof key === 'number' ? key : String(key));
  }
  return undefined;
}
