/* Loaded before a router: its standard input closes when the tests end, however they end, and then it ends too. */

process.stdin
  .on('close', () => process.exit(1))
  .on('error', () => {})
  .resume();
// It alone does not keep the router from ending.
process.stdin.unref();
