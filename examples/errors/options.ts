import { parseArgs } from 'node:util';

const DEFAULT_GATEWAY = 'http://127.0.0.1:4000/graphql';
const DEFAULT_SANDBOX = 'http://127.0.0.1:4001';

/** How to call `npm run errors`. */
export const USAGE = `Usage: npm run errors [-- --gateway ${DEFAULT_GATEWAY} [--sandbox ${DEFAULT_SANDBOX}]]`;

/** The command cannot do what was requested. The message is one line: what is wrong, and an example. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A gateway that is running, with its sandbox. */
export interface Target {
  /** The URL of GraphQL. */
  url: string;
  /** The origin of the sandbox's control API. */
  sandbox: string;
}

/** Parses the arguments. `target` is undefined without `--gateway`. Throws a `UsageError` if the arguments are invalid. */
export function parseOptions(args: readonly string[]): { help: boolean; target: Target | undefined } {
  const { help, gateway, sandbox } = parse(args);
  if (gateway === undefined) {
    if (sandbox !== undefined)
      throw new UsageError(`--sandbox: requires --gateway, because a sandbox belongs to a gateway. ${USAGE}`);
    return { help, target: undefined };
  }
  const { href } = parseUrl('--gateway', gateway, DEFAULT_GATEWAY);
  const { origin } = parseUrl('--sandbox', sandbox ?? DEFAULT_SANDBOX, DEFAULT_SANDBOX);
  return { help, target: { url: href, sandbox: origin } };
}

function parse(args: readonly string[]) {
  const options = {
    help: { type: 'boolean', short: 'h', default: false },
    gateway: { type: 'string' },
    sandbox: { type: 'string' },
  } as const;
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    // Node explains at length how to pass such an argument anyway.
    const [problem] = error instanceof Error ? error.message.split(/\.\s/) : [];
    throw new UsageError(`${problem}. ${USAGE}`, { cause: error });
  }
}

function parseUrl(option: string, text: string, example: string): URL {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  throw new UsageError(`${option}: must be an http URL, not ${JSON.stringify(text)}. Example: ${option} ${example}`);
}

/** Rejects with a `UsageError` unless the gateway and the sandbox respond. */
export async function checkTarget({ url, sandbox }: Target): Promise<void> {
  const body = JSON.stringify({ query: '{ __typename }' });
  const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
  // An error is a response of GraphQL, too: the gateway may require a credential.
  const isGateway = (json: object): boolean => 'data' in json || 'errors' in json;
  if (!isGateway(await request('--gateway', url, post)))
    throw new UsageError(`--gateway: ${url} is not a GraphQL endpoint. Example: --gateway ${DEFAULT_GATEWAY}`);
  if (!('exampleIds' in (await request('--sandbox', `${sandbox}/__sandbox`))))
    throw new UsageError(`--sandbox: ${sandbox} is not a sandbox. Example: --sandbox ${DEFAULT_SANDBOX}`);
}

/** Returns the JSON object of the response, or an empty object if the response is something else. */
async function request(option: string, url: string, init?: RequestInit): Promise<object> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
    throw new UsageError(`${option}: nothing responds at ${url}${code}. Start it with "npm start".`, { cause: error });
  }
  const json: unknown = await response.json().catch(() => null);
  return typeof json === 'object' && json !== null ? json : {};
}
