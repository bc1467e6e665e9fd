import { readProxy } from '../config/proxy.ts';
import { systemClock } from '../lib/clock.ts';
import { createUndiciTransport } from '../realtimekit/undiciTransport.ts';
import { explain, runWebhookCommand } from './webhooksCommand.ts';

const args = process.argv.slice(2);

/** `npm run webhooks`: registers, lists and removes the URLs that RealtimeKit sends events to. */
try {
  const transport = createUndiciTransport({ proxy: readProxy(process.env) });
  try {
    const options = { environment: process.env, transport: transport.send, clock: systemClock, random: Math.random };
    console.log(await runWebhookCommand(args, options));
  } finally {
    await transport.close();
  }
} catch (error) {
  const message = explain(error, args);
  if (message === null) throw error;
  console.error(message);
  process.exitCode = 1;
}
