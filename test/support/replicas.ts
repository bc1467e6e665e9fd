import { createMemoryStore, type MemoryReplica, type MemoryStore } from './memoryStore.ts';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from './gateway.ts';

/** A gateway that is one of several, and its connection to what they share. */
export interface ReplicaGateway {
  gateway: TestGateway;
  store: MemoryReplica;
}

/** What the keys of the app begin with. */
export const PREFIX = 'realtimekit-graphql 1 test ';

/** Several gateways over one sandbox and one store, all on one fake clock; more can be begun later. */
export async function startReplicas(count: number, options: TestGatewayOptions = {}) {
  const common: { store: MemoryStore | null } = { store: null };
  const all: ReplicaGateway[] = [];

  async function begin(more: TestGatewayOptions = {}): Promise<ReplicaGateway> {
    const connection: { of: MemoryReplica | null } = { of: null };
    const [first] = all;
    const place = first?.gateway.place ?? null;
    const gateway = await startTestGateway({
      ...options,
      ...more,
      ...(place === null ? {} : { beside: { place } }),
      share(clock) {
        common.store ??= createMemoryStore({ clock, replicas: count });
        connection.of = common.store.connect({ ahead: all.length - 1 });
        return { store: connection.of, prefix: PREFIX };
      },
    });
    if (connection.of === null) throw new Error('It shares nothing.');
    const replica = { gateway, store: connection.of };
    all.push(replica);
    return replica;
  }

  for (let index = 0; index < count; index += 1) await begin();
  const [one, other] = all;
  const { store } = common;
  if (one === undefined || other === undefined || store === null) throw new Error('Several are at least two.');
  // What was changed before it began a replica does not serve: its beginning is to be past.
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
