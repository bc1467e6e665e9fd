import type { Clock } from '../lib/clock.ts';
import { readApp } from '../config/realtimekit.ts';
import { ConfigError, type Environment, isLoopback } from '../config/env.ts';
import { UpstreamError } from '../domain/errors.ts';
import { isId, ID_RULE } from '../domain/ids.ts';
import { WEBHOOK_PATH } from '../server/plugins/useWebhooks.ts';
import { createAccounts } from '../data/account.ts';
import { createLocalBudget } from '../budget/localBudget.ts';
import { createClient } from '../realtimekit/client.ts';
import type { RequestContext } from '../realtimekit/requestContext.ts';
import { createOperationReport } from '../data/operationReport.ts';
import type { Transport } from '../realtimekit/transport.ts';
import {
  createWebhookEndpoints,
  registerWebhook,
  type Registration,
  type Webhook,
  type WebhookEndpoints,
} from '../realtimekit/webhookEndpoints.ts';

/** Those of RealtimeKit's events that say something about livestreams. */
const EVENTS = ['livestreaming.statusUpdate', 'meeting.ended'];

const USAGE = `Usage: npm run webhooks -- register --url https://gateway.example${WEBHOOK_PATH} | list | remove ID`;

/** What cannot be done as it was asked for, and what to do instead. */
class CommandError extends Error {
  override readonly name = 'CommandError';
}

export interface WebhookCommandOptions {
  environment: Environment;
  transport: Transport;
  clock: Clock;
  /** From 0 to 1. */
  random: () => number;
}

/** Carries out what the arguments say, and gives the text to print. Rejects with what `explain` has words for. */
export async function runWebhookCommand(args: readonly string[], options: WebhookCommandOptions): Promise<string> {
  const carryOut = readArguments(args);
  const app = readApp(options.environment, false);
  if (app === null || app.token === null) throw noApp();
  const limits = { attemptTimeoutMs: 10_000, totalTimeoutMs: 25_000, requestsPerSecond: 0 };
  const webhooks = createWebhookEndpoints(createClient({ ...options, ...app, ...limits }));
  return carryOut(webhooks, await createRequestContext(app.token, options.clock));
}

/** One line about why it failed and what to do; null for an error that is a defect. */
export function explain(error: unknown): string | null {
  if (error instanceof CommandError || error instanceof ConfigError) return error.message;
  if (!(error instanceof UpstreamError)) return null;
  const { code, message, outcome, upstream } = error;
  if (code === 'UNAUTHENTICATED') {
    return 'RealtimeKit does not accept CLOUDFLARE_API_TOKEN. Check that it is whole and valid, with the permission "Realtime" or "Realtime Admin".';
  }
  const said = upstream?.message ? ` It says: ${printable(upstream.message)}` : '';
  const advice =
    outcome === 'unknown' ? ' Look with "npm run webhooks -- list"; to register again doubles nothing.' : '';
  return message + said + advice;
}

type Command = (webhooks: WebhookEndpoints, context: RequestContext) => Promise<string>;

function readArguments([command, ...rest]: readonly string[]): Command {
  const [first = '', second] = rest;
  if (command === 'list' && rest.length === 0) return list;
  if (command === 'remove' && rest.length === 1) return removeCommand(first);
  if (command === 'register' && rest.length === 2 && first === '--url') return registerCommand(second ?? '');
  if (command === 'register' && rest.length === 1 && first.startsWith('--url=')) return registerCommand(first.slice(6));
  throw new CommandError(USAGE);
}

const list: Command = async (webhooks, context) => {
  const all = (await webhooks.list(context)) ?? unknownApp();
  return all.length === 0 ? `No webhook is registered. ${USAGE}` : tableOf(all);
};

function removeCommand(id: string): Command {
  if (!isId(id)) throw new CommandError(`${JSON.stringify(id)} is not the id of a webhook. ${ID_RULE}`);
  return async (webhooks, context) => {
    if (await webhooks.remove(context, id)) return `Removed ${id}.`;
    throw new CommandError(`There is no webhook ${id}. "npm run webhooks -- list" shows those that there are.`);
  };
}

function registerCommand(text: string): Command {
  const url = readUrl(text);
  return async (webhooks, context) => {
    const fields = { name: 'realtimekit-graphql', url, events: EVENTS };
    const { webhook, outcome, duplicates } = (await registerWebhook(webhooks, context, fields)) ?? unknownApp();
    const more =
      duplicates === 0
        ? []
        : [`Its URL is registered ${duplicates + 1} times: remove the others, or events are sent to each.`];
    return [OUTCOMES[outcome], tableOf([webhook]), ...more].join('\n');
  };
}

const OUTCOMES: Record<Registration['outcome'], string> = {
  added: 'Registered.',
  changed: 'Updated, for its URL was registered already.',
  unchanged: 'Nothing to do: it is registered already.',
};

/** Where events are to be sent: encrypted, unless they do not leave this machine. An address without a path gets the gateway's. */
function readUrl(text: string): string {
  const url = URL.parse(text);
  const isOwn = url !== null && isLoopback(url.hostname.replace(/^\[|\]$/g, ''));
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isOwn);
  if (url === null || !isSafe || url.username || url.password || url.hash) {
    const words = `--url: ${JSON.stringify(text)} is not an https address without credentials and fragment`;
    throw new CommandError(
      `${words} (http only for this machine). Example: --url https://gateway.example${WEBHOOK_PATH}`,
    );
  }
  if (url.pathname === '/') url.pathname = WEBHOOK_PATH;
  return url.href;
}

function noApp(): ConfigError {
  const problem =
    'missing; webhooks are registered for an app of the API, so set REALTIMEKIT_APP_ID and CLOUDFLARE_API_TOKEN too.';
  return new ConfigError('CLOUDFLARE_ACCOUNT_ID', problem, '023e105f4ecef8ad9ca31a8372d0c353');
}

function unknownApp(): never {
  throw new CommandError('RealtimeKit knows no such app. Check CLOUDFLARE_ACCOUNT_ID and REALTIMEKIT_APP_ID.');
}

/** By itself: its requests are no part of a query. */
async function createRequestContext(token: string, clock: Clock): Promise<RequestContext> {
  return {
    account: await createAccounts({ budgetOf: () => createLocalBudget(clock) }).of(token),
    report: createOperationReport(Infinity, clock),
    priority: 'mutation',
    runLimited: async (work) => work(),
    signal: undefined,
  };
}

function tableOf(webhooks: readonly Webhook[]): string {
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

/** On one line, and without what a terminal would obey. */
function printable(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
}
