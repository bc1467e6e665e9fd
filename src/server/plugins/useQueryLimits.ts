import { type DocumentNode, GraphQLError, Kind, parse, type Source } from 'graphql';
import type { Plugin } from 'graphql-yoga';

import { type DocumentSize, measureDocument } from '../../graphql/limits/documentSize.ts';
import type { OperationLimits } from '../../graphql/limits/operationLimits.ts';
import { badRequest } from '../../domain/errors.ts';

/** What the introspection query of the usual tools needs, and no more. */
const INTROSPECTION_DEPTH = 20;

/** Refuses what is too large before it is parsed, or before the work of validating it begins. */
export function useQueryLimits(limits: OperationLimits): Plugin {
  /** Yoga keeps parsed documents: each is measured once. */
  const refusals = new WeakMap<DocumentNode, readonly GraphQLError[]>();
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
      const refusal = refusals.get(document) ?? [
        ...checkVariables(document),
        ...measureDocument(document).flatMap((size) => check(size, limits)),
      ];
      refusals.set(document, refusal);
      if (refusal.length > 0) setResult(refusal);
    },
  };
}

function isDocument(value: unknown): value is DocumentNode {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === Kind.DOCUMENT;
}

function isLonger(text: string, bytes: number): boolean {
  if (text.length * 3 <= bytes) return false;
  return text.length > bytes || new TextEncoder().encode(text).length > bytes;
}

function tooLong(bytes: number): GraphQLError {
  const words = `The query is longer than ${bytes} bytes. Ask for less at a time, and send values as variables.`;
  return badRequest(413, words);
}

/** The one name of a variable that is no property like others in JavaScript: its value would be lost on the way. */
function checkVariables({ definitions }: DocumentNode): GraphQLError[] {
  return definitions
    .flatMap((node) => (node.kind === Kind.OPERATION_DEFINITION ? (node.variableDefinitions ?? []) : []))
    .filter(({ variable }) => variable.name.value === '__proto__')
    .map((nodes) => new GraphQLError('No variable can be called "$__proto__" here.', { nodes }));
}

function check(size: DocumentSize, limits: OperationLimits): GraphQLError[] {
  const checks: [name: string, is: number, most: number][] = [
    ['levels of fields', size.depth, limits.depth],
    ['levels of introspection', size.introspectionDepth, INTROSPECTION_DEPTH],
    ['aliases', size.aliases, limits.aliases],
    ['root fields', size.rootFields, limits.rootFields],
    ['directives', size.directives, limits.directives],
  ];
  return checks
    .filter(([, is, most]) => is > most)
    .map(([name, is, most]) => new GraphQLError(`The operation has ${is} ${name}; ${most} are allowed here.`));
}
