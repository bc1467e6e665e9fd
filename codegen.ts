import { readdirSync, readFileSync } from 'node:fs';

import type { CodegenConfig } from '@graphql-codegen/cli';
import type { Types } from '@graphql-codegen/plugin-helpers';
import { type DocumentNode, print } from 'graphql';
import { rolldown } from 'rolldown';

/** Writes texts as a module of strings, by name, so that the gateway reads no file at run time. */
function moduleOfTexts(
  readTexts: (schema: DocumentNode) => Record<string, string> | Promise<Record<string, string>>,
): Types.OutputPreset {
  return {
    buildGeneratesSection: ({ baseOutputDir, ...options }) => {
      const plugin = async (): Promise<string> =>
        Object.entries(await readTexts(options.schema))
          .map(([name, text]) => `export const ${name} = \`${escapeTemplate(text)}\`;\n`)
          .join('');
      return [{ ...options, filename: baseOutputDir, plugins: [{ texts: {} }], pluginMap: { texts: { plugin } } }];
    },
  };
}

/** Bundles the script that the page of GraphiQL runs in the browser, and reads its styles. */
async function readGraphiqlClient() {
  const folder = 'src/server/graphiql/client';
  const bundle = await rolldown({ input: `${folder}/main.ts`, platform: 'browser' });
  const { output } = await bundle.generate({ format: 'iife' });
  return { clientScript: output[0].code, clientStyles: readFileSync(`${folder}/page.css`, 'utf8') };
}

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
    'src/generated/typeDefs.ts': { preset: moduleOfTexts((schema) => ({ typeDefs: print(schema) })) },
    'src/generated/graphiqlClient.ts': { preset: moduleOfTexts(readGraphiqlClient) },
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
