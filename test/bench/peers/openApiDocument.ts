/** Describes the REST calls that the benchmark needs, for gateways that are built from an OpenAPI document. */
export function createOpenApiDocument(baseUrl: string): object {
  return {
    openapi: '3.0.3',
    info: { title: 'RealtimeKit livestreams', version: '1' },
    servers: [{ url: baseUrl }],
    paths: {
      '/meetings/{meeting_id}/active-livestream': {
        get: createOperation('activeLivestream', [pathParameter('meeting_id')], 'LivestreamResponse'),
      },
      '/livestreams/{livestream_id}/active-livestream-session': {
        get: createOperation('activeSession', [pathParameter('livestream_id')], 'SessionResponse'),
      },
      '/livestreams': {
        get: createOperation(
          'listLivestreams',
          [
            { name: 'per_page', in: 'query', schema: { type: 'integer' } },
            { name: 'status', in: 'query', schema: { $ref: '#/components/schemas/LivestreamStatus' } },
          ],
          'LivestreamConnection',
        ),
      },
    },
    components: {
      schemas: {
        LivestreamResponse: responseSchema({ $ref: '#/components/schemas/Livestream' }),
        SessionResponse: responseSchema({
          type: 'object',
          title: 'SessionData',
          properties: { session: { $ref: '#/components/schemas/LivestreamSession' } },
        }),
        LivestreamConnection: responseSchema({
          type: 'array',
          nullable: false,
          items: { $ref: '#/components/schemas/Livestream' },
        }),
        LivestreamStatus: { type: 'string', enum: ['LIVE', 'IDLE', 'ERRORED', 'INVOKED', 'OFFLINE', 'UNKNOWN'] },
        Livestream: {
          type: 'object',
          required: ['id', 'status'],
          properties: {
            id: { type: 'string' },
            name: { type: 'string' },
            status: { $ref: '#/components/schemas/LivestreamStatus' },
            playback_url: { type: 'string', format: 'uri' },
            updated_at: { type: 'string', format: 'date-time' },
          },
        },
        LivestreamSession: {
          type: 'object',
          required: ['id'],
          properties: {
            id: { type: 'string' },
            started_time: { type: 'string', format: 'date-time' },
            // The API sends a string, which GraphQL's Float accepts.
            viewer_seconds: { type: 'number' },
            updated_at: { type: 'string', format: 'date-time' },
          },
        },
      },
    },
  };
}

function createOperation(operationId: string, parameters: object[], schema: string): object {
  const content = { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } };
  return { operationId, parameters, responses: { 200: { description: 'Found', content } } };
}

function pathParameter(name: string): object {
  return { name, in: 'path', required: true, schema: { type: 'string' } };
}

function responseSchema(data: object): object {
  return { type: 'object', properties: { success: { type: 'boolean' }, data } };
}
