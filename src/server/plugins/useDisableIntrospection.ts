import { GraphQLError, NoSchemaIntrospectionCustomRule, type ValidationRule } from 'graphql';
import type { Plugin } from 'graphql-yoga';

/** Tells nobody what the schema is: neither introspection nor federation's `_service` is answered. */
export function useDisableIntrospection(): Plugin {
  return {
    onValidate({ addValidationRule }) {
      addValidationRule(NoSchemaIntrospectionCustomRule);
      addValidationRule(NoServiceRule);
    },
  };
}

const NoServiceRule: ValidationRule = (context) => ({
  Field(node) {
    if (node.name.value !== '_service') return;
    context.reportError(
      new GraphQLError('The schema is not told here, and "_service" would tell it.', { nodes: node }),
    );
  },
});
