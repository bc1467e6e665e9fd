import { systemClock } from '../lib/clock.ts';
import { createUndiciTransport } from '../realtimekit/undiciTransport.ts';
import { explain, runWebhookCommand } from './webhooksCommand.ts';

/** Tells RealtimeKit where to send events: `npm run webhooks`. */
const transport = createUndiciTransport();
try {
  const options = { environment: process.env, transport: transport.send, clock: systemClock, random: Math.random };
  console.log(await runWebhookCommand(process.argv.slice(2), options));
} catch (error) {
  const words = explain(error);
  if (words === null) throw error;
  console.error(words);
  process.exitCode = 1;
} finally {
  await transport.close();
}
