import type { CodegenConfig } from '@graphql-codegen/cli';
import { addTypenameSelectionDocumentTransform } from '@graphql-codegen/client-preset';

const config: CodegenConfig = {
  schema: 'schema.graphql',
  documents: ['operations.ts'],
  generates: {
    'generated/': {
      preset: 'client',
      // Apollo Client masks fragments itself: see `dataMasking`.
      presetConfig: { fragmentMasking: false, persistedDocuments: true },
      // Apollo Client adds __typename to each selection: so must the persisted documents.
      documentTransforms: [addTypenameSelectionDocumentTransform],
      config: {
        inlineFragmentTypes: 'mask',
        // Fields with @semanticNonNull are null only beside an error, and then Apollo Client returns no data.
        nullability: { errorHandlingClient: true },
        scalars: { Date: 'string', DateTime: 'string', URL: 'string' },
        strictScalars: true,
        useTypeImports: true,
      },
    },
  },
};

export default config;
