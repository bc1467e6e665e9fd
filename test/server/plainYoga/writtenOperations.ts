import { globSync, readFileSync } from 'node:fs';

import {
  type ASTVisitor,
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  parse,
  print,
  validate,
  visit,
} from 'graphql';

import type { ExampleIds } from '../../../src/sandbox/exampleIds.ts';
import { gatewaySchema } from '../../../src/graphql/schema.ts';
import * as exampleOperations from '../../../src/server/graphiql/exampleOperations.ts';
import { BENCH_QUERIES, DASHBOARD_QUERY } from '../../bench/benchQueries.ts';
import * as generated from '../../generated/graphql.ts';
import { TypedDocumentString } from '../../generated/graphql.ts';
import { everyOperation } from '../../support/everyOperation.ts';
import type { GeneratedOperation } from '../../support/operations.ts';

/** Files with documents in template literals or Markdown. The fragments of one list belong together. */
const SOURCES = [
  ['examples/live-wall/src/**/*.{ts,tsx}'],
  ...['apollo', 'fetch', 'gql-tada', 'relay', 'urql'].map((client) => [`test/clients/${client}/*.ts`]),
  ['examples/errors/catalog.ts'],
  ['README.md', 'docs/*.md'],
];
/** What the query of a root field with required arguments gets. */
const ROOT_ARGUMENTS = {
  meeting: ['id: "none"'],
  livestream: ['id: "none"'],
  livestreamSession: ['id: "none"'],
  _entities: ['representations: []'],
};

const DOCUMENT_TEXT = /\b(?:graphql|gql)\(?\s*`([^`$]*)`|^```graphql\n([^]*?)^```/gm;

/**
 * The answer depends on how many requests were sent before: the gateway sends fewer than plain Yoga, because it answers from its response
 * cache.
 */
const BUDGET_FIELD = 'upstreamBudget';

/**
 * Every query and mutation that the repository contains: of GraphiQL, the benchmark, the examples, the documentation and the tests, and
 * those that select every field. Without subscriptions, whose events the gateway sends in other formats than Yoga.
 */
export function writtenOperations(ids: ExampleIds): GeneratedOperation[] {
  const schema = gatewaySchema();
  return [...new Set([...ownTexts(), ...SOURCES.flatMap(readTexts)])].flatMap((query) => {
    const document = parse(query);
    const [operation, ...others] = document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
    if (operation === undefined || others.length > 0 || operation.operation === OperationTypeNode.SUBSCRIPTION)
      return [];
    // Some clients have directives and fields of their own.
    if (query.includes(BUDGET_FIELD) || validate(schema, document).length > 0) return [];
    return variablesOf(operation, ids).map((variables) => ({ query, variables }));
  });
}

/** Documents that are values of this repository's modules. */
function ownTexts(): string[] {
  return [
    ...Object.values(exampleOperations),
    ...BENCH_QUERIES.map(({ text }) => text),
    DASHBOARD_QUERY.text,
    ...Object.values(generated).flatMap((value) => (value instanceof TypedDocumentString ? [value.toString()] : [])),
    ...everyOperation(OperationTypeNode.QUERY, ROOT_ARGUMENTS).filter((text) => !text.includes(BUDGET_FIELD)),
  ];
}

/** Reads the documents in files, and adds to each the fragments that it uses. */
function readTexts(patterns: string[]): string[] {
  const texts = globSync(patterns).flatMap((file) =>
    Array.from(readFileSync(file, 'utf8').matchAll(DOCUMENT_TEXT), ([, literal, block]) => literal ?? block ?? ''),
  );
  const documents = texts.flatMap((text) => tryParse(text) ?? []);
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of documents.flatMap(({ definitions }) => definitions))
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  return documents.map((document) => {
    const added = new Set<FragmentDefinitionNode>();
    const addFragments: ASTVisitor = {
      FragmentSpread({ name }) {
        const fragment = fragments.get(name.value);
        if (fragment === undefined || added.has(fragment) || document.definitions.includes(fragment)) return;
        added.add(fragment);
        visit(fragment, addFragments);
      },
    };
    visit(document, addFragments);
    return [document.loc?.source.body, ...Array.from(added, (fragment) => print(fragment))].join('\n');
  });
}

/** Undefined if the text is no document. */
function tryParse(text: string): DocumentNode | undefined {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

/** Values for the variables of an operation. An operation with an `$id` gets an id of each kind. */
function variablesOf(
  { variableDefinitions = [] }: OperationDefinitionNode,
  ids: ExampleIds,
): Record<string, unknown>[] {
  const names = variableDefinitions.map(({ variable }) => variable.name.value);
  const values: Record<string, unknown> = {
    ...ids,
    meetingId: ids.liveMeetingId,
    livestreamId: ids.liveLivestreamId,
    sessionId: ids.endedSessionId,
    idleId: ids.idleLivestreamId,
    first: 3,
    after: btoa('after:1'),
    filter: { status: 'LIVE' },
    search: 'a',
    input: { meetingId: ids.emptyMeetingId },
  };
  const chosen = Object.fromEntries(names.filter((name) => name in values).map((name) => [name, values[name]]));
  if (!names.includes('id')) return [chosen];
  const kinds = [ids.liveMeetingId, ids.liveLivestreamId, ids.endedSessionId, 'none', 'not an id'];
  return kinds.map((id) => Object.fromEntries([...Object.entries(chosen), ['id', id]]));
}
