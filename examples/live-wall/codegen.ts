import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  schema: 'schema.graphql',
  documents: ['src/**/*.{ts,tsx}', '!src/generated/**'],
  generates: {
    'src/generated/': {
      preset: 'client',
      // Apollo Client masks fragments itself, at run time too: the preset's own `useFragment` would only do so in the types.
      presetConfig: { fragmentMasking: false },
      config: {
        inlineFragmentTypes: 'mask',
        customDirectives: { apolloUnmask: true },
        // In JSON, these scalars are strings.
        scalars: { Date: 'string', DateTime: 'string', URL: 'string' },
        strictScalars: true,
        // Apollo Client adds `__typename` to every object.
        nonOptionalTypename: true,
        skipTypeNameForRoot: true,
        useTypeImports: true,
        immutableTypes: true,
        // A newer gateway may know more statuses and error codes: code must handle the rest.
        futureProofEnums: true,
        // A `@semanticNonNull` field is null only because of an error; `graphql/partialErrors.ts` lets no such null through.
        nullability: { errorHandlingClient: true },
      },
    },
  },
};

export default config;
