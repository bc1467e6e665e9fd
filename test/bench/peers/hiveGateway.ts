import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { createServer } from 'node:http';
import { join } from 'node:path';

import { createGatewayRuntime } from '@graphql-hive/gateway';
import { createRenameFieldTransform, defineConfig, getComposedSchemaFromConfig } from '@graphql-mesh/compose-cli';
import { DefaultLogger } from '@graphql-mesh/utils';
import { loadOpenAPISubgraph } from '@omnigraph/openapi';

import { listenAndPrintUrl } from '../servers/listenAndPrintUrl.ts';
import { restApiFromEnv } from '../servers/restApi.ts';
import { createOpenApiDocument } from './openApiDocument.ts';

/*
 * Hive Gateway over a supergraph that Mesh composes from an OpenAPI document. `@resolveTo` links the REST calls declaratively. The
 * only hand-written resolver is that of `meeting`, for which the document has no call.
 */

const { baseUrl, token } = restApiFromEnv(process.env);
const source = join(tmpdir(), `bench-openapi-${process.pid}.json`);
await writeFile(source, JSON.stringify(createOpenApiDocument(baseUrl)));

const FIELD_NAMES: Record<string, string> = {
  playback_url: 'playbackUrl',
  updated_at: 'updatedAt',
  started_time: 'startedAt',
  viewer_seconds: 'viewerSeconds',
};

const supergraph = await getComposedSchemaFromConfig(
  defineConfig({
    subgraphs: [
      {
        sourceHandler: loadOpenAPISubgraph('RealtimeKit', {
          source,
          endpoint: baseUrl,
          operationHeaders: { authorization: `Bearer ${token}` },
        }),
        transforms: [
          createRenameFieldTransform(({ typeName, fieldName }) =>
            typeName === 'LivestreamConnection' && fieldName === 'data'
              ? 'nodes'
              : (FIELD_NAMES[fieldName] ?? fieldName),
          ),
        ],
      },
    ],
    additionalTypeDefs: /* GraphQL */ `
      input LivestreamFilter {
        status: LivestreamStatus
      }
      type Meeting {
        id: ID!
        activeLivestream: Livestream
          @resolveTo(
            sourceName: "RealtimeKit"
            sourceTypeName: "Query"
            sourceFieldName: "activeLivestream"
            requiredSelectionSet: "{ id }"
            sourceArgs: { meeting_id: "{root.id}" }
            result: "data"
          )
      }
      extend type Livestream {
        activeSession: LivestreamSession
          @resolveTo(
            sourceName: "RealtimeKit"
            sourceTypeName: "Query"
            sourceFieldName: "activeSession"
            requiredSelectionSet: "{ id }"
            sourceArgs: { livestream_id: "{root.id}" }
            result: "data.session"
          )
      }
      extend type Query {
        meeting(id: ID!): Meeting
        livestreams(first: Int = 25, filter: LivestreamFilter): LivestreamConnection
          @resolveTo(
            sourceName: "RealtimeKit"
            sourceTypeName: "Query"
            sourceFieldName: "listLivestreams"
            sourceArgs: { per_page: "{args.first}", status: "{args.filter.status}" }
          )
      }
    `,
  }),
  new DefaultLogger(),
);

const gateway = createGatewayRuntime({
  supergraph,
  logging: false,
  additionalResolvers: { Query: { meeting: (_root: unknown, { id }: { id: string }) => ({ id }) } },
});

listenAndPrintUrl(createServer((request, response) => void gateway(request, response)));
