import { KEY_PREFIX } from '../../src/cluster/keys.ts';
import { createMemoryStore, type MemoryReplica, type MemoryStore } from './memoryStore.ts';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from './gateway.ts';

/** A gateway that is one of several replicas, and its connection to the store that they share. */
export interface ReplicaGateway {
  gateway: TestGateway;
  store: MemoryReplica;
}

const PREFIX = `${KEY_PREFIX}test `;

/** Starts `count` gateways (at least two) over one sandbox and one store, all on one fake clock. `begin` starts another one. */
export async function startReplicas(count: number, options: TestGatewayOptions = {}) {
  const shared: { store: MemoryStore | null } = { store: null };
  const all: ReplicaGateway[] = [];

  async function begin(more: TestGatewayOptions = {}): Promise<ReplicaGateway> {
    const connection: { store: MemoryReplica | null } = { store: null };
    const [first] = all;
    const testbed = first?.gateway.testbed ?? null;
    const gateway = await startTestGateway({
      ...options,
      ...more,
      ...(testbed === null ? {} : { sandboxOf: { testbed } }),
      cluster(clock) {
        shared.store ??= createMemoryStore({ clock, minReplicas: count });
        connection.store = shared.store.connect({ clockAheadMs: all.length - 1 });
        return { store: connection.store, prefix: PREFIX };
      },
    });
    if (connection.store === null) throw new Error('The gateway did not open the shared store.');
    const replica = { gateway, store: connection.store };
    all.push(replica);
    return replica;
  }

  for (let index = 0; index < count; index += 1) await begin();
  const [one, other] = all;
  const { store } = shared;
  if (one === undefined || other === undefined || store === null) throw new Error('Start at least two replicas.');
  // A replica serves nothing that was read before it started: let some time pass since then.
  one.gateway.clock.advance(1000);
  return {
    all,
    one: one.gateway,
    other: other.gateway,
    store,
    begin,
    stores: all.map((replica) => replica.store),
  };
}
