import type { GraphQLCodegenDataMasking } from '@apollo/client/masking';

// Makes Apollo Client's types understand the masked fragments of the generated types.
declare module '@apollo/client' {
  export interface TypeOverrides extends GraphQLCodegenDataMasking.TypeOverrides {}
}
