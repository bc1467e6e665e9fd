import { GraphQLError, NoSchemaIntrospectionCustomRule, type ValidationRule } from 'graphql';
import type { Plugin } from 'graphql-yoga';

/** Hides the schema: rejects introspection and federation's `_service` field. */
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
      new GraphQLError('The field "_service" is not available: this gateway does not publish its schema.', {
        nodes: node,
      }),
    );
  },
});
