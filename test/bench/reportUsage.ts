/*
 * Loaded into every server process with `node --import`, before the server's own code. Replies to any message of the parent with
 * the CPU time and memory of this process, so that the benchmark measures the server without its clients and its upstream.
 */
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMicroseconds: user + system, residentBytes: process.memoryUsage.rss() });
});
// The server must not outlive the benchmark, however the benchmark ends.
process.on('disconnect', () => process.exit());
