import { createLocalBudget } from '../budget/localBudget.ts';
import { ConfigError, type Environment, hasCredentials, isTrustworthy } from '../config/env.ts';
import { readApp, servesSandbox } from '../config/realtimekit.ts';
import { createAccounts } from '../data/account.ts';
import { OperationReport } from '../data/operationReport.ts';
import { type FailureReason, isTokenRejected, UpstreamError } from '../domain/errors.ts';
import { ID_RULE, isId } from '../domain/ids.ts';
import type { Clock } from '../lib/clock.ts';
import { createClient } from '../realtimekit/client.ts';
import type { RequestContext } from '../realtimekit/requestContext.ts';
import type { Transport } from '../realtimekit/transport.ts';
import { EXPLANATIONS } from '../realtimekit/upstreamStatus.ts';
import {
  createWebhookEndpoints,
  registerWebhook,
  type WebhookRegistration,
  type Webhook,
  type WebhookEndpoints,
} from '../realtimekit/webhookEndpoints.ts';
import { WEBHOOK_PATH } from '../server/plugins/useRoutes.ts';

/** The events of RealtimeKit that concern livestreams. */
const EVENTS = ['livestreaming.statusUpdate', 'meeting.ended'];

const USAGE = `Usage: npm run webhooks -- register --url https://gateway.example${WEBHOOK_PATH} | list | remove ID`;

/** The command cannot do what was requested. The message says what to do instead. */
class CommandError extends Error {
  override readonly name = 'CommandError';
}

interface WebhookCommandOptions {
  environment: Environment;
  transport: Transport;
  clock: Clock;
  /** From 0 to 1. */
  random: () => number;
}

/** Runs the command in `args` and returns the text to print. `explain` describes its errors. */
export async function runWebhookCommand(args: readonly string[], options: WebhookCommandOptions): Promise<string> {
  const command = parseArguments(args);
  const app = servesSandbox(options.environment, false) ? null : readApp(options.environment, false);
  if (app === null || app.token === null) throw missingApp();
  const limits = { attemptTimeoutMs: 10_000, totalTimeoutMs: 25_000, requestsPerSecond: 0 };
  const webhooks = createWebhookEndpoints(createClient({ ...options, ...app, ...limits }));
  return command(webhooks, await createRequestContext(app.token, options.clock));
}

/** Returns one line that says what failed in the command in `args`, and what to do; null for an unexpected error. */
export function explain(error: unknown, [command = '']: readonly string[]): string | null {
  if (error instanceof CommandError || error instanceof ConfigError) return error.message;
  if (!(error instanceof UpstreamError)) return null;
  const { message, outcome, upstream, reason } = error;
  if (isTokenRejected(error)) {
    return 'RealtimeKit rejects CLOUDFLARE_API_TOKEN. Check that the token is complete, valid and has the permission "Realtime" or "Realtime Admin".';
  }
  const quote = upstream?.message ? ` RealtimeKit reports: ${asSentence(printable(upstream.message))}` : '';
  const hint = reason && !upstream ? explainFailure(reason) : '';
  const advice = outcome === 'unknown' ? (ADVICE[command] ?? '') : '';
  return message + quote + hint + advice;
}

/** What to do if nobody knows whether the command has taken effect. */
const ADVICE: Readonly<Record<string, string>> = {
  register: ' Check with "npm run webhooks -- list". Registering again does not create a duplicate.',
  remove: ' Check with "npm run webhooks -- list".',
};

const asSentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

function explainFailure({ cause, code }: FailureReason): string {
  const { reason, check } = EXPLANATIONS[cause];
  return ` The reason: ${reason} (${code ?? cause}). Check ${check}.`;
}

type Command = (webhooks: WebhookEndpoints, context: RequestContext) => Promise<string>;

function parseArguments([command, ...rest]: readonly string[]): Command {
  const [first = '', second] = rest;
  if (command === 'list' && rest.length === 0) return list;
  if (command === 'remove' && rest.length === 1) return removeCommand(first);
  if (command === 'register' && rest.length === 2 && first === '--url') return registerCommand(second ?? '');
  if (command === 'register' && rest.length === 1 && first.startsWith('--url=')) return registerCommand(first.slice(6));
  throw new CommandError(USAGE);
}

const list: Command = async (webhooks, context) => {
  const registered = await webhooks.list(context);
  return registered.length === 0 ? `No webhook is registered. ${USAGE}` : formatTable(registered);
};

function removeCommand(id: string): Command {
  if (!isId(id)) throw new CommandError(`${JSON.stringify(id)} is not the ID of a webhook. ${ID_RULE}`);
  return async (webhooks, context) => {
    if (await webhooks.remove(context, id)) return `Removed ${id}.`;
    throw new CommandError(`There is no webhook ${id}. Run "npm run webhooks -- list" to see the registered ones.`);
  };
}

function registerCommand(text: string): Command {
  const url = parseUrl(text);
  return async (webhooks, context) => {
    const missing = await findMissingEvents(webhooks, context);
    const events = EVENTS.filter((event) => !missing.includes(event));
    const fields = { name: 'realtimekit-graphql', url, events };
    const { webhook, outcome, duplicates } = await registerWebhook(webhooks, context, fields);
    const lines = [OUTCOMES[outcome], formatTable([webhook])];
    if (missing.length > 0)
      lines.push(`RealtimeKit has no event ${missing.join(', ')}: look for a newer version of the gateway.`);
    if (duplicates > 0)
      lines.push(
        `The URL is registered ${duplicates + 1} times. Remove the other registrations, or each event is sent several times.`,
      );
    return lines.join('\n');
  };
}

/** Returns the events that the gateway needs and RealtimeKit does not have (any more). Rejects if RealtimeKit has none of them. */
async function findMissingEvents(webhooks: WebhookEndpoints, context: RequestContext): Promise<string[]> {
  // The endpoint is hardly documented. Without it, or if no request succeeds, the registration itself shows what is wrong.
  const names = await webhooks.eventNames(context).catch(() => new Set<string>());
  const missing = names.size === 0 ? [] : EVENTS.filter((event) => !names.has(event));
  if (missing.length < EVENTS.length) return missing;
  throw new CommandError(
    `RealtimeKit has none of the events ${EVENTS.join(', ')} (any more): look for a newer version of the gateway.`,
  );
}

const OUTCOMES: Record<WebhookRegistration['outcome'], string> = {
  added: 'Registered.',
  changed: 'Updated the existing registration.',
  unchanged: 'Nothing to do: the URL is registered already.',
};

/** Parses the URL to send events to: https, unless the host is this machine. Adds the gateway's path to a URL without one. */
function parseUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !isTrustworthy(url) || hasCredentials(url) || url.hash) {
    const problem = `--url: must be an https URL without credentials and fragment (http only for this machine)`;
    const example = `Example: --url https://gateway.example${WEBHOOK_PATH}`;
    throw new CommandError(`${problem}, not ${JSON.stringify(text)}. ${example}`);
  }
  if (url.pathname === '/') url.pathname = WEBHOOK_PATH;
  return url.href;
}

function missingApp(): ConfigError {
  const problem =
    'must be set, like REALTIMEKIT_APP_ID and CLOUDFLARE_API_TOKEN, and SANDBOX must not be on, because webhooks belong to an app.';
  return new ConfigError('CLOUDFLARE_ACCOUNT_ID', problem, '023e105f4ecef8ad9ca31a8372d0c353');
}

/** The context of requests that belong to no GraphQL operation. */
async function createRequestContext(token: string, clock: Clock): Promise<RequestContext> {
  return {
    account: await createAccounts({ createBudget: () => createLocalBudget(clock) }).forToken(token),
    report: new OperationReport(Infinity, clock),
    priority: 'mutation',
    runLimited: async (work) => work(),
    signal: undefined,
  };
}

function formatTable(webhooks: readonly Webhook[]): string {
  const rows = webhooks.map(({ id, enabled, url, events }) => [
    id,
    enabled === null ? '?' : enabled ? 'yes' : 'no',
    url ?? '?',
    events.join(', '),
  ]);
  const table = [['ID', 'ENABLED', 'URL', 'EVENTS'], ...rows].map((row) => row.map(printable));
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')).join('\n');
}

/** Replaces line breaks and control characters, which a terminal would interpret. */
function printable(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
}
