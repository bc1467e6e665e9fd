/**
 * The response header in which a Durable Object tells isolates how much has changed. Clients do not get it. It has the object's random id
 * (an object that starts again counts from 0), and its number of changes before and after it handled the request.
 */
export const CHANGES_HEADER = 'x-gateway-changes';

const FORMAT = /^([\w-]+) (\d+) (\d+)$/;

interface ChangingGateway {
  fetch(request: Request): Response | Promise<Response>;
  /** The number of changes that the gateway has made or was told of. */
  changes(): number;
}

/** For the Durable Object: returns a request handler whose responses say how much has changed. */
export function withChangesHeader(gateway: ChangingGateway): (request: Request) => Promise<Response> {
  const objectId = crypto.randomUUID();
  return async (request) => {
    const before = gateway.changes();
    const response = await gateway.fetch(request);
    response.headers.set(CHANGES_HEADER, `${objectId} ${before} ${gateway.changes()}`);
    return response;
  };
}

/** For the isolate: what the responses of one Durable Object have said so far. */
export class SeenChanges {
  /** Grows with each change. What was stored under a smaller number is outdated. */
  generation = 0;
  #objectId = '';
  #count = 0;

  /**
   * Reads the header of a response. Returns whether the response shows the latest state that is known: not if anything changed while the
   * object handled the request.
   */
  observe(headers: Headers): boolean {
    const [, objectId, before, after] = FORMAT.exec(headers.get(CHANGES_HEADER) ?? '') ?? [];
    // Not from the gateway: perhaps the platform's response in place of one that was lost.
    if (objectId === undefined) {
      this.suspect();
      return false;
    }
    const count = Number(after);
    const isSameObject = objectId === this.#objectId;
    if (isSameObject && count < this.#count) return false;
    if (!isSameObject || count > this.#count) this.generation += 1;
    this.#objectId = objectId;
    this.#count = count;
    return before === after;
  }

  /** Counts a change that may have happened. */
  suspect(): void {
    this.generation += 1;
  }
}
