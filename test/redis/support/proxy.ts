import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

import { afterTest } from './cleanUp.ts';
import { portOf } from '../../support/ports.ts';

/** A TCP proxy between the replicas and Redis, which can fail in the ways of a network. */
export interface Proxy {
  port: number;
  /** Delays everything from now on by `ms` in each direction. */
  setDelay(ms: number): void;
  /** Makes open connections half-open: they stay open, but nothing passes any more. New connections work. */
  cutHalfOpen(): void;
  /** Connects new connections to another port. */
  setTarget(port: number): void;
}

export async function startProxy(port: number): Promise<Proxy> {
  let target = port;
  let delayMs = 0;
  let links: { isCut: boolean }[] = [];
  const sockets = new Set<Socket>();

  function forward(from: Socket, to: Socket, link: { isCut: boolean }): void {
    sockets.add(from);
    const afterDelay = (work: () => void): void => {
      if (link.isCut) return;
      if (delayMs === 0) work();
      else setTimeout(() => link.isCut || work(), delayMs);
    };
    from.on('data', (chunk: Buffer) => afterDelay(() => to.write(chunk)));
    from.on('error', () => {});
    from.on('close', () => {
      sockets.delete(from);
      afterDelay(() => to.destroy());
    });
  }

  const server = createServer((client) => {
    const link = { isCut: false };
    links.push(link);
    const redis = connect(target, '127.0.0.1');
    forward(client, redis, link);
    forward(redis, client, link);
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
    setDelay(ms) {
      delayMs = ms;
    },
    setTarget(nextPort) {
      target = nextPort;
    },
    cutHalfOpen() {
      for (const link of links) link.isCut = true;
      links = [];
    },
  };
}
