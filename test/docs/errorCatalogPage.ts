import { parse, validate } from 'graphql';
import { format, resolveConfig } from 'prettier';

import type { ErrorExample } from '../../examples/errors/catalog.ts';
import { type ExampleResult, runExamples } from '../../examples/errors/run.ts';
import type { Setup } from '../../examples/errors/setups.ts';
import { gatewaySchema } from '../../src/graphql/schema.ts';
import { ROOT } from './markdown.ts';

/** The page that `errorCatalog.test.ts` compares, and `npm run errors:docs` writes. */
export const ERROR_CATALOG = 'docs/error-catalog.md';

const INTRODUCTION = `# Error catalog

For each error code of [Errors](errors.md): a request that brings it about on the [sandbox](sandbox.md), the response, and what a user interface should do.

Unless another command is given, the gateway runs with \`npm start\`, and operations can be pasted into GraphiQL at <http://127.0.0.1:4000/graphql>. Faults of the sandbox stay until they are removed:

\`\`\`sh
curl -X PUT http://127.0.0.1:4001/__sandbox/faults -d '[]'
\`\`\`

\`npm run errors\` starts all these gateways, sends all requests, prints the responses, and ends with code 1 if an error does not come about. It can use a gateway that is running, too: \`npm run errors -- --gateway http://127.0.0.1:4000/graphql --sandbox http://127.0.0.1:4001\`.

A gateway that has just read the same object responds from its cache, and the error does not come about: restart the gateway, and send the request again.

The HTTP status depends on \`accept\`; these are for \`application/json\`. See [HTTP status](errors.md#http-status).
`;

/** Runs all examples and writes the page. */
export async function createErrorCatalog(): Promise<string> {
  const results: ExampleResult[] = [];
  for await (const result of runExamples()) results.push(result);
  return renderErrorCatalog(results);
}

async function renderErrorCatalog(results: readonly ExampleResult[]): Promise<string> {
  const examplesIn = (place: ErrorExample['place']): string[] =>
    results.filter(({ example }) => example.place === place).map(renderExample);
  const text = [
    INTRODUCTION,
    '## Codes of `userErrors`',
    ...examplesIn('userErrors'),
    '## Codes of `errors`',
    ...examplesIn('errors'),
  ].join('\n\n');
  return format(text, { ...(await resolveConfig(`${ROOT}${ERROR_CATALOG}`)), parser: 'markdown' });
}

function renderExample({ example, status, response }: ExampleResult): string {
  const { code, cause, advice, setup, faults } = example;
  return [
    `### \`${code}\``,
    cause,
    ...(setup === undefined || setup === 'broken' ? [] : renderSetup(setup)),
    ...(faults === undefined ? [] : [block('sh example', setFaults(faults))]),
    renderRequest(example),
    `The response has the HTTP status ${status}:`,
    block('json response', JSON.stringify(response, normalize, 2)),
    `**User interface:** ${advice}`,
  ].join('\n\n');
}

function renderSetup({ settings, files = {}, reason }: Setup): string[] {
  const variables = Object.entries(settings).map(
    ([name, value]) => `${name}=${value.includes(' ') ? quote(value) : value}`,
  );
  const writes = Object.entries(files).map(([name, content]) => `echo ${quote(JSON.stringify(content))} > ${name}`);
  return [reason, block('sh example', [...writes, [...variables, 'npm start'].join(' ')].join('\n'))];
}

const setFaults = (faults: ErrorExample['faults']): string =>
  `curl -X PUT http://127.0.0.1:4001/__sandbox/faults -d ${quote(JSON.stringify(faults))}`;

/** The operation, if it can be pasted into GraphiQL; otherwise the command that sends it. */
function renderRequest({ body, headers = {}, setup }: ErrorExample): string {
  const { query, ...others } = body;
  // Where callers authenticate, GraphiQL sends a header of its own.
  const isAuthenticated = typeof setup === 'object' && 'AUTH' in setup.settings;
  const isPlain = !isAuthenticated && Object.keys({ ...others, ...headers }).length === 0;
  if (typeof query === 'string' && isPlain && isExecutable(query)) return block('graphql', query);
  const options = Object.entries({ 'content-type': 'application/json', ...headers }).map(
    ([name, value]) => `-H '${name}: ${value}'`,
  );
  return block(
    'sh example',
    `curl http://127.0.0.1:4000/graphql ${options.join(' ')} -d ${quote(JSON.stringify(body))}`,
  );
}

function isExecutable(query: string): boolean {
  try {
    const document = parse(query);
    return document.definitions.length === 1 && validate(gatewaySchema(), document).length === 0;
  } catch {
    return false;
  }
}

/** Replaces what is different in each response. */
function normalize(key: string, value: unknown): unknown {
  if (key === 'ray' && typeof value === 'string') return '8f3a000000010000-LIS';
  return key === 'requestId' ? '579d87a7-6240-4231-8da8-35992f144555' : value;
}

function quote(text: string): string {
  if (text.includes("'")) throw new Error(`The example cannot be quoted: ${text}`);
  return `'${text}'`;
}

function block(kind: string, code: string): string {
  return `\`\`\`${kind}\n${code}\n\`\`\``;
}
