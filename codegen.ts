import { readdirSync, readFileSync } from 'node:fs';

import type { CodegenConfig } from '@graphql-codegen/cli';
import type { Types } from '@graphql-codegen/plugin-helpers';
import { print } from 'graphql';

/** Writes the SDL as a module, so that the gateway reads no file at run time. */
const sdlModule: Types.OutputPreset = {
  buildGeneratesSection: ({ baseOutputDir, ...options }) => [
    {
      ...options,
      filename: baseOutputDir,
      plugins: [{ sdl: {} }],
      pluginMap: {
        sdl: { plugin: () => `export const typeDefs = \`${escapeTemplate(print(options.schema))}\`;\n` },
      },
    },
  ],
};

/** Escapes a text for a template literal. */
function escapeTemplate(text: string): string {
  return text.replaceAll(/[`\\]|\$\{/g, String.raw`\$&`);
}

/** The files in a fixed order: codegen loads files concurrently, and would write the module in another order each time. */
const sdl = readdirSync('schema')
  .toSorted()
  .map((file) => readFileSync(`schema/${file}`, 'utf8'))
  .join('\n');

const config: CodegenConfig = {
  schema: sdl,
  config: { sort: false },
  emitLegacyCommonJSImports: false,
  importExtension: '.ts',
  generates: {
    'src/generated/typeDefs.ts': { preset: sdlModule },
    'src/generated/resolvers.ts': {
      plugins: ['typescript', 'typescript-resolvers'],
      config: {
        contextType: '../graphql/context.ts#Context',
        // The resolver of a field with `@semanticNonNull` must not return null.
        customDirectives: { semanticNonNull: true },
        mappers: {
          Meeting: '../domain/models.ts#MeetingRef',
          Livestream: '../domain/models.ts#LivestreamRef',
          LivestreamSession: '../domain/models.ts#LivestreamSession as LivestreamSessionModel',
          LivestreamAnalytics: '../domain/models.ts#AnalyticsSource',
          LivestreamAnalyticsDay: '../domain/models.ts#DayAnalytics',
          _Entity: '../domain/models.ts#MaybeEntity',
        },
        scalars: {
          ID: 'string',
          Date: { input: 'Date', output: 'string' },
          DateTime: 'Date',
          URL: 'string',
          _Any: 'unknown',
          federation__FieldSet: 'string',
          federation__Scope: 'string',
          link__Import: 'string',
        },
        enumsAsTypes: true,
        useTypeImports: true,
        strictScalars: true,
        immutableTypes: true,
      },
    },
  },
};

export default config;
