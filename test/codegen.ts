import type { CodegenConfig } from '@graphql-codegen/cli';

/** Generates types for the operations in `test/api`. TypeScript finds them by the text of each operation. */
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
        scalars: {
          ID: 'string',
          Date: 'string',
          DateTime: 'string',
          URL: 'string',
          _Any: 'unknown',
          federation__FieldSet: 'string',
          federation__Scope: 'string',
          link__Import: 'string',
        },
      },
    },
  },
};

export default config;
