/** The part of the Workers runtime that the tests use and that Node.js does not have. */

interface WorkerSocket extends WebSocket {
  accept(): void;
}

declare class WebSocketPair {
  0: WorkerSocket;
  1: WorkerSocket;
}
