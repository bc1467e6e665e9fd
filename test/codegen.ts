import type { CodegenConfig } from '@graphql-codegen/cli';

/** Types the operations in `test/api`, each by its own text. */
const config: CodegenConfig = {
  schema: 'schema/*.graphql',
  documents: 'test/api/**/*.ts',
  emitLegacyCommonJSImports: false,
  importExtension: '.ts',
  generates: {
    'test/generated/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: 'string',
        enumsAsTypes: true,
        useTypeImports: true,
        strictScalars: true,
        scalars: { ID: 'string', DateTime: 'string', URL: 'string' },
      },
    },
  },
};

export default config;
