/*
 * Loaded into every program before its own code (`node --import`): tells what the process has used, so that only the server is
 * measured, and neither the load nor the upstream. Nothing of the program knows of it.
 */
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMicroseconds: user + system, residentBytes: process.memoryUsage.rss() });
});
// However the benchmark ends, nothing of it stays behind.
process.on('disconnect', () => process.exit());
