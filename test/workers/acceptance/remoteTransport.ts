import { createUndiciTransport as create } from '../../../src/realtimekit/undiciTransport.ts';
import type { Transport } from '../../../src/realtimekit/transport.ts';

const plainTransports = new WeakSet<Transport>();

/** Creates the transport that the tests use on Node.js. Gateways with this transport, unwrapped, use that of Workers instead. */
export function createUndiciTransport(...options: Parameters<typeof create>): ReturnType<typeof create> {
  const transport = create(...options);
  plainTransports.add(transport.send);
  return transport;
}

export const isPlainTransport = (transport: Transport): boolean => plainTransports.has(transport);
