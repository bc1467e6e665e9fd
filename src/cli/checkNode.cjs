/*
 * Loaded before each program that npm scripts run. Plain JavaScript, so that a Node.js that cannot run TypeScript gets this far: the
 * package `node`, on which the scripts run, installs nothing with `npm ci --ignore-scripts`.
 */
const { engines } = require('../../package.json');

if (!process.features.typescript) {
  console.error(
    `This project needs Node.js ${engines.node}, not ${process.version}. Run "npm ci" without --ignore-scripts, which installs it for the project, or install it yourself.`,
  );
  process.exit(1);
}
