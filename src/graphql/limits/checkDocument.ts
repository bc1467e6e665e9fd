import { type DocumentNode, GraphQLError, Kind } from 'graphql';

import { badRequest } from '../../domain/errors.ts';
import { type DocumentSize, measureDocument } from './measureDocument.ts';
import type { OperationLimits } from './operationLimits.ts';

/** Enough for the introspection query of common tools. */
const MAX_INTROSPECTION_DEPTH = 20;

/*
 * `QUERY_FIELDS` does not count what introspection returns: thousands of fields for each `__schema`. Tools send one, and a few `__type`
 * to learn what they may ask about. They need no aliases within these.
 */
const MAX_SCHEMA_FIELDS = 1;
const MAX_TYPE_FIELDS = 10;
const MAX_INTROSPECTION_ALIASES = 5;

/**
 * The maximum number of lines, unless more tokens are allowed. Line breaks are no tokens, but graphql-js counts those before a field for
 * each error of the field.
 */
const MAX_LINES = 2000;
const LINE_BREAK = /\r\n|[\n\r]/g;

/** Throws if a document has too many bytes or lines. Must be called before the document is parsed. */
export function checkLength(text: string, { queryBytes, tokens }: OperationLimits): void {
  if (isLonger(text, queryBytes))
    throw badRequest(
      413,
      `The query is longer than ${queryBytes} bytes. Split the query, and send values as variables.`,
    );
  const maxLines = Math.max(MAX_LINES, tokens);
  const lines = text.length < maxLines ? 1 : 1 + (text.match(LINE_BREAK)?.length ?? 0);
  if (lines > maxLines)
    throw badRequest(413, `The query has ${lines} lines, but the limit is ${maxLines}. Remove line breaks.`);
}

/** Whether `text` has more than `maxBytes` bytes in UTF-8. A UTF-16 code unit takes one to three bytes. */
function isLonger(text: string, maxBytes: number): boolean {
  if (text.length * 3 <= maxBytes) return false;
  return text.length > maxBytes || new TextEncoder().encode(text).length > maxBytes;
}

/** Returns the errors of a document whose structure is not allowed. The document need not be valid. */
export function checkDocument(document: DocumentNode, limits: OperationLimits): GraphQLError[] {
  return [...checkVariables(document), ...measureDocument(document).flatMap((size) => checkSize(size, limits))];
}

/** Rejects variables called `__proto__`: assigning this property of an object changes its prototype, and the value is lost. */
function checkVariables({ definitions }: DocumentNode): GraphQLError[] {
  return definitions
    .flatMap((node) => (node.kind === Kind.OPERATION_DEFINITION ? (node.variableDefinitions ?? []) : []))
    .filter(({ variable }) => variable.name.value === '__proto__')
    .map((nodes) => new GraphQLError('The variable name "$__proto__" is not allowed.', { nodes }));
}

function checkSize(size: DocumentSize, limits: OperationLimits): GraphQLError[] {
  const checks: [name: string, actual: number, limit: number][] = [
    ['levels of fields', size.depth, limits.depth],
    ['levels of introspection', size.introspectionDepth, MAX_INTROSPECTION_DEPTH],
    ['"__schema" fields', size.schemaFields, MAX_SCHEMA_FIELDS],
    ['"__type" fields', size.typeFields, MAX_TYPE_FIELDS],
    ['aliases within introspection', size.introspectionAliases, MAX_INTROSPECTION_ALIASES],
    ['aliases', size.aliases, limits.aliases],
    ['root fields', size.rootFields, limits.rootFields],
    ['directives', size.directives, limits.directives],
  ];
  return checks
    .filter(([, actual, limit]) => actual > limit)
    .map(
      ([name, actual, limit]) => new GraphQLError(`The operation has ${actual} ${name}, but the limit is ${limit}.`),
    );
}
