import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

import { afterTest } from './cleanUp.ts';
import { portOf } from './ports.ts';

/** Stands between the replicas and Redis. */
export interface Proxy {
  port: number;
  /** From now on all that passes is so late, in milliseconds, each way. */
  delay(milliseconds: number): void;
  /** The connections that there are lead nowhere from now on, and nobody is told; new ones are as they should be. */
  cutHalfOpen(): void;
  /** New connections lead to this port from now on. */
  leadTo(port: number): void;
}

export async function startProxy(port: number): Promise<Proxy> {
  let target = port;
  let late = 0;
  let links: { isCut: boolean }[] = [];
  const sockets = new Set<Socket>();

  function pass(from: Socket, to: Socket, link: { isCut: boolean }): void {
    sockets.add(from);
    const inTime = (work: () => void): void => {
      if (link.isCut) return;
      if (late === 0) work();
      else setTimeout(() => link.isCut || work(), late);
    };
    from.on('data', (chunk: Buffer) => inTime(() => to.write(chunk)));
    from.on('error', () => {});
    from.on('close', () => {
      sockets.delete(from);
      inTime(() => to.destroy());
    });
  }

  const server = createServer((client) => {
    const link = { isCut: false };
    links.push(link);
    const redis = connect(target, '127.0.0.1');
    pass(client, redis, link);
    pass(redis, client, link);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterTest(async () => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  return {
    port: portOf(server),
    delay(milliseconds) {
      late = milliseconds;
    },
    leadTo(other) {
      target = other;
    },
    cutHalfOpen() {
      for (const link of links) link.isCut = true;
      links = [];
    },
  };
}
