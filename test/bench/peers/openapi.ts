/** The REST API's calls that the benchmark takes, as an OpenAPI document: what the gateways that start from one are given. */
export function openApiOf(base: string): object {
  return {
    openapi: '3.0.3',
    info: { title: 'RealtimeKit livestreams', version: '1' },
    servers: [{ url: base }],
    paths: {
      '/meetings/{meeting_id}/active-livestream': {
        get: operation('activeLivestream', [inPath('meeting_id')], 'LivestreamAnswer'),
      },
      '/livestreams/{livestream_id}/active-livestream-session': {
        get: operation('activeSession', [inPath('livestream_id')], 'SessionAnswer'),
      },
      '/livestreams': {
        get: operation(
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
        LivestreamAnswer: answer({ $ref: '#/components/schemas/Livestream' }),
        SessionAnswer: answer({
          type: 'object',
          title: 'SessionData',
          properties: { session: { $ref: '#/components/schemas/LivestreamSession' } },
        }),
        LivestreamConnection: answer({
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
            // Written as a string; GraphQL's Float takes it.
            viewer_seconds: { type: 'number' },
            updated_at: { type: 'string', format: 'date-time' },
          },
        },
      },
    },
  };
}

function operation(operationId: string, parameters: object[], schema: string): object {
  const content = { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } };
  return { operationId, parameters, responses: { 200: { description: 'Found', content } } };
}

function inPath(name: string): object {
  return { name, in: 'path', required: true, schema: { type: 'string' } };
}

function answer(data: object): object {
  return { type: 'object', properties: { success: { type: 'boolean' }, data } };
}
