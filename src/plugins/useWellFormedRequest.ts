import { GraphQLError, type ValidationRule } from 'graphql';
import type { Plugin } from 'graphql-yoga';

/** How deep variables may be nested: no type of the schema is deeper, and whatever walks them is safe from running out of stack. */
const DEEPEST = 50;

/** Refuses what is no GraphQL request before anything is made of it, in words that say what is wrong. */
export function useWellFormedRequest(): Plugin {
  return {
    onRequestParse({ request, requestParser, setRequestParser }) {
      // In a body of JSON Yoga itself says so.
      if (request.method !== 'GET' || requestParser === undefined) return;
      setRequestParser(async (sent) => {
        try {
          return await requestParser(sent);
        } catch (error) {
          throw error instanceof SyntaxError ? refusal('"variables" and "extensions" are to be JSON.') : error;
        }
      });
    },
    onParams({ params }) {
      const operationName: unknown = params.operationName;
      if (operationName != null && typeof operationName !== 'string') throw refusal('"operationName" is to be a text.');
      if (isDeeper(params.variables, DEEPEST))
        throw refusal(`"variables" are nested more than ${DEEPEST} levels deep.`);
    },
    onValidate({ addValidationRule }) {
      addValidationRule(NoProtoVariableRule);
    },
  };
}

/** Level by level, so that the depth of what is looked at costs no stack. */
function isDeeper(value: unknown, levels: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; depth <= levels; depth += 1) {
    level = level.flatMap((item): unknown[] => (typeof item === 'object' && item !== null ? Object.values(item) : []));
    if (level.length === 0) return false;
  }
  return true;
}

/** The one name of a variable that is no property like others in JavaScript: its value would be lost on the way. */
const NoProtoVariableRule: ValidationRule = (context) => ({
  VariableDefinition(node) {
    if (node.variable.name.value !== '__proto__') return;
    context.reportError(new GraphQLError('No variable can be called "$__proto__" here.', { nodes: node }));
  },
});

function refusal(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_REQUEST', http: { status: 400 } } });
}
