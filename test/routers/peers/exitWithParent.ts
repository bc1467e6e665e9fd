/* Loaded before a router's own code. The router's standard input closes when the tests end, however they end; then the router exits. */

process.stdin
  .on('close', () => process.exit(1))
  .on('error', () => {})
  .resume();
// An open standard input must not prevent the router from exiting.
process.stdin.unref();
