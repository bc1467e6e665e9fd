import type { ObjectState } from '../../../src/workers/platform.ts';
import type { Bindings } from '../../../src/workers/settings.ts';
import worker, { GatewayObject } from '../../../src/worker.ts';
import { COUNTS_PATH, type ObjectCounts } from './objectCounts.ts';

/** Those of this process. */
const counts: ObjectCounts = { starts: 0, requests: 0, alarms: 0, rowsWritten: 0 };

/** The object, which counts what it is billed for. */
class CountingObject extends GatewayObject {
  constructor(state: ObjectState, bindings: Bindings) {
    countRows(state);
    super(state, bindings);
    counts.starts += 1;
  }

  override async fetch(request: Request): Promise<Response> {
    if (new URL(request.url).pathname === COUNTS_PATH) return Response.json(counts);
    counts.requests += 1;
    return super.fetch(request);
  }

  override async alarm(): Promise<void> {
    counts.alarms += 1;
    return super.alarm();
  }
}

/** https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/#sqlstoragecursor */
function countRows({ storage: { sql } }: ObjectState): void {
  const exec = sql.exec.bind(sql);
  sql.exec = (query, ...values) => {
    const cursor = exec(query, ...values);
    counts.rowsWritten += Number(Reflect.get(cursor, 'rowsWritten'));
    return cursor;
  };
}

export { CountingObject as GatewayObject };
export default worker;
