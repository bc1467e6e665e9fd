import { GraphQLError } from 'graphql';

import type { ResolveCaller } from '../auth/resolveCaller.ts';
import { GatewayError } from '../domain/errors.ts';
import { clientSdl } from '../graphql/subgraphSdl.ts';
import { lazy } from '../lib/lazy.ts';
import { sha256Hex } from '../lib/sha256.ts';
import { rejectForgery } from './csrf.ts';
import { isCurrent } from './ifNoneMatch.ts';

export interface SchemaFileOptions {
  /** Origins whose pages may send requests. */
  corsOrigins: readonly string[];
  /** Throws `UNAUTHENTICATED` to reject a request. */
  resolveCaller: ResolveCaller;
}

export interface SchemaResponse {
  status: number;
  headers: Record<string, string>;
  /** Null if the client's copy is current. */
  body: string | null;
}

/** Responds to a GET or HEAD for the schema. Never rejects, except for errors inside the gateway. */
export type ServeSchemaFile = (request: Request) => Promise<SchemaResponse>;

const TEXT = { 'content-type': 'text/plain; charset=utf-8' };

const schemaFile = lazy(async () => {
  const sdl = clientSdl();
  return { sdl, etag: `"${await sha256Hex(sdl)}"` };
});

/**
 * Serves the schema to the tools of clients, such as code generators. A request needs what introspection needs: it is authenticated, but
 * requires no scope, and a page of another site cannot send it.
 */
export function createSchemaFile({ corsOrigins, resolveCaller }: SchemaFileOptions): ServeSchemaFile {
  return async (request) => {
    try {
      rejectForgery(request, corsOrigins);
      await resolveCaller(request);
    } catch (error) {
      return rejection(error);
    }
    const { sdl, etag } = await schemaFile();
    // A copy may be used only after the gateway has authenticated its reader again.
    const headers = { etag, 'cache-control': 'private, no-cache' };
    if (isCurrent(request.headers.get('if-none-match'), etag)) return { status: 304, headers, body: null };
    return { status: 200, headers: { ...headers, ...TEXT }, body: sdl };
  };
}

function rejection(error: unknown): SchemaResponse {
  if (!(error instanceof GatewayError || error instanceof GraphQLError)) throw error;
  const { status = 500, headers } = (error instanceof GatewayError ? error.http : error.extensions.http) ?? {};
  return { status, headers: { ...headers, ...TEXT }, body: `${error.message}\n` };
}
