import { ERROR_EXAMPLES, type ErrorExample } from './catalog.ts';
import { type RunningGateway, startBrokenGateway, startGateway } from './gateways.ts';
import { DEFAULT_SETUP, type Setup } from './setups.ts';

/** What came of an example. */
export interface ExampleResult {
  example: ErrorExample;
  /** The HTTP status. */
  status: number;
  response: GraphqlResponse;
  /** Whether the code is where it should be. */
  isAsExpected: boolean;
}

/**
 * Runs all examples, one after another, and yields their results. Examples that need no settings run on `target`; without one, and for
 * all others, starts gateways, and ends them when the iteration ends.
 */
export async function* runExamples(target?: Pick<RunningGateway, 'url' | 'sandbox'>): AsyncGenerator<ExampleResult> {
  await using stack = new AsyncDisposableStack();
  const gateways = new Map<Setup | 'broken', RunningGateway>();
  if (target !== undefined) gateways.set(DEFAULT_SETUP, { ...target, close: async () => Promise.resolve() });
  for (const example of ERROR_EXAMPLES) {
    const { setup = DEFAULT_SETUP } = example;
    let gateway = gateways.get(setup);
    if (gateway === undefined) {
      const started = await (setup === 'broken' ? startBrokenGateway() : startGateway(setup));
      stack.defer(started.close);
      gateways.set(setup, (gateway = started));
    }
    yield await runExample(example, gateway);
  }
}

async function runExample(example: ErrorExample, { url, sandbox }: RunningGateway): Promise<ExampleResult> {
  const { faults = [], headers = {}, body } = example;
  const setFaults = async (list: readonly unknown[]): Promise<void> => {
    if (faults.length === 0 || sandbox === null) return;
    await fetch(`${sandbox}/__sandbox/faults`, { method: 'PUT', body: JSON.stringify(list) });
  };
  await setFaults(faults);
  try {
    const reply = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    const response: unknown = await reply.json();
    if (!isGraphqlResponse(response)) throw new Error('The response is not a GraphQL response.');
    return { example, status: reply.status, response, isAsExpected: codesOf(response, example).includes(example.code) };
  } finally {
    await setFaults([]);
  }
}

/** The codes in one place of a response. */
function codesOf({ data, errors = [] }: GraphqlResponse, { place }: ErrorExample): unknown[] {
  if (place === 'errors') return errors.map(({ extensions }) => extensions?.code);
  return Object.values(data ?? {}).flatMap((payload) => payload?.userErrors?.map(({ code }) => code) ?? []);
}

/** A response, as far as codes are in it. */
interface GraphqlResponse {
  data?: Record<string, { userErrors?: { code: string }[] } | null> | null;
  errors?: { extensions?: { code?: unknown; retryable?: unknown } }[];
}

/** Relies on the gateway to respond with GraphQL's JSON. */
function isGraphqlResponse(value: unknown): value is GraphqlResponse {
  return typeof value === 'object' && value !== null;
}
