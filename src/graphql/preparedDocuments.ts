import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  validate,
  type ValidationRule,
} from 'graphql';
import { LRUCache } from 'lru-cache';

import { checkDocument } from './limits/checkDocument.ts';
import type { OperationLimits } from './limits/operationLimits.ts';
import { selectsAny, unstorableFields } from './unstorableFields.ts';

/** A document, parsed and validated. */
export interface PreparedDocument {
  document: DocumentNode;
  /** Why the document must not be executed; empty if it may be. */
  errors: readonly GraphQLError[];
  /** Whether caches in front of the gateway may store what the document selects. */
  isStorable: boolean;
}

export interface PreparationOptions {
  schema: GraphQLSchema;
  limits: OperationLimits;
  /** Whether to allow introspection and federation's `_service` field, which returns the schema. */
  introspection: boolean;
}

/** The total length of the texts whose documents are kept. A document takes up to 190 bytes a character. */
const MAX_CHARS = 200_000;

/**
 * Returns a function that parses a document and validates it, with the limits on its size. Documents are kept: the same text returns the
 * same object. Throws the syntax error of a text that is not a document.
 */
export function createPreparedDocuments(options: PreparationOptions): (text: string) => PreparedDocument {
  const unstorable = unstorableFields(options.schema);
  const cache = new LRUCache<string, PreparedDocument | GraphQLError>({
    maxSize: MAX_CHARS,
    sizeCalculation: (_document, text) => 1 + text.length,
    memoMethod: (text) => prepare(text, options, unstorable),
  });
  return (text) => {
    const prepared = cache.memo(text);
    if (prepared instanceof GraphQLError) throw prepared;
    return prepared;
  };
}

/** Returns the error of a text that is not a document, so that it is kept too. */
function prepare(
  text: string,
  { schema, limits, introspection }: PreparationOptions,
  unstorable: ReadonlySet<string>,
): PreparedDocument | GraphQLError {
  let document: DocumentNode;
  try {
    document = parse(text, { maxTokens: limits.tokens });
  } catch (error) {
    if (error instanceof GraphQLError) return withCode(error, 'GRAPHQL_PARSE_FAILED');
    throw error;
  }
  const sizeErrors = checkDocument(document, limits);
  // Validating a document that is too large could take too long.
  const errors =
    sizeErrors.length > 0 ? sizeErrors : validateWith(introspection ? specifiedRules : PRIVATE_RULES, schema, document);
  return {
    document,
    errors: errors.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED')),
    isStorable: errors.length === 0 && !selectsAny(document, unstorable),
  };
}

function validateWith(
  rules: readonly ValidationRule[],
  schema: GraphQLSchema,
  document: DocumentNode,
): readonly GraphQLError[] {
  try {
    return validate(schema, document, rules);
  } catch (error) {
    // The rule about the root field of a subscription evaluates these directives, which the specification forbids there, but without
    // the values of variables.
    if (!(error instanceof GraphQLError)) throw error;
    const message = 'The root field of a subscription must not depend on "@skip" or "@include".';
    return [new GraphQLError(message, { nodes: error.nodes ?? null })];
  }
}

function withCode(error: GraphQLError, code: string): GraphQLError {
  error.extensions['code'] = code;
  return error;
}

const NoServiceRule: ValidationRule = (context) => ({
  Field(node) {
    if (node.name.value !== '_service') return;
    context.reportError(
      new GraphQLError('The field "_service" is not available: this gateway does not publish its schema.', {
        nodes: node,
      }),
    );
  },
});

const PRIVATE_RULES = [...specifiedRules, NoSchemaIntrospectionCustomRule, NoServiceRule];
