import { type DocumentNode, GraphQLError, Kind, parse, type Source } from 'graphql';
import type { Plugin } from 'graphql-yoga';

import { type DocumentSize, measureDocument } from '../../graphql/limits/measureDocument.ts';
import type { OperationLimits } from '../../graphql/limits/operationLimits.ts';
import { badRequest } from '../../domain/errors.ts';

/** Enough for the introspection query of common tools. */
const MAX_INTROSPECTION_DEPTH = 20;

/** Rejects documents that are too large: by their length before they are parsed, by their structure before they are validated. */
export function useQueryLimits(limits: OperationLimits): Plugin {
  /** The errors of documents that were measured. Yoga caches parsed documents, so that the same object comes again. */
  const errorsByDocument = new WeakMap<DocumentNode, readonly GraphQLError[]>();
  return {
    onParams({ params: { query } }) {
      if (typeof query === 'string' && isLonger(query, limits.queryBytes)) throw tooLong(limits.queryBytes);
    },
    onParse({ setParseFn }) {
      setParseFn((source: string | Source) => parse(source, { maxTokens: limits.tokens }));
    },
    onValidate({ params, setResult }) {
      const document: unknown = params.documentAST;
      if (!isDocument(document)) return;
      const errors = errorsByDocument.get(document) ?? [
        ...checkVariables(document),
        ...measureDocument(document).flatMap((size) => checkSize(size, limits)),
      ];
      errorsByDocument.set(document, errors);
      if (errors.length > 0) setResult(errors);
    },
  };
}

function isDocument(value: unknown): value is DocumentNode {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === Kind.DOCUMENT;
}

/** Whether `text` has more than `maxBytes` bytes in UTF-8. A UTF-16 code unit takes one to three bytes. */
function isLonger(text: string, maxBytes: number): boolean {
  if (text.length * 3 <= maxBytes) return false;
  return text.length > maxBytes || new TextEncoder().encode(text).length > maxBytes;
}

function tooLong(maxBytes: number): GraphQLError {
  return badRequest(413, `The query is longer than ${maxBytes} bytes. Split the query, and send values as variables.`);
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
