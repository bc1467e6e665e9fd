import { lazy } from '../../lib/lazy.ts';
import { sha256Hex } from '../../lib/sha256.ts';
import { isCurrent } from '../ifNoneMatch.ts';
import { acceptsGzip } from '../negotiation.ts';

/** A text that browsers load, and cache. */
export interface TextAsset {
  contentType: string;
  text: string;
  /** Identifies the text, for URLs and `ETag`. */
  hash: string;
  /** Compresses the text at the first call, and keeps the result. */
  gzip: () => Promise<Uint8Array<ArrayBuffer>>;
}

export async function createTextAsset(contentType: string, text: string): Promise<TextAsset> {
  const hash = (await sha256Hex(text)).slice(0, HASH_LENGTH);
  return { contentType, text, hash, gzip: lazy(async () => compress(text)) };
}

/** In hexadecimal digits: 64 bits. */
const HASH_LENGTH = 16;

/** Compresses in the background where the runtime has threads, as Node.js does. */
async function compress(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const compressed = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(compressed).arrayBuffer());
}

/** `encodeBody`: Cloudflare Workers would compress the body again (https://developers.cloudflare.com/workers/runtime-apis/response/). */
type AssetInit = ResponseInit & { encodeBody?: 'manual' };

/** The body and the headers of the response to a GET request for an asset: 304 without a body if the browser has it already. */
export async function respondWithAsset(
  { contentType, text, hash, gzip }: TextAsset,
  request: Request,
  headers: Record<string, string>,
): Promise<{ body: string | Uint8Array<ArrayBuffer> | null; init: AssetInit }> {
  // Weak, because it is the same for the compressed text.
  const etag = `W/"${hash}"`;
  const validators = { ...headers, etag, vary: [headers['vary'], 'accept-encoding'].filter(Boolean).join(', ') };
  if (isCurrent(request.headers.get('if-none-match'), etag))
    return { body: null, init: { status: 304, headers: validators } };
  const described = { ...validators, 'content-type': contentType, 'x-content-type-options': 'nosniff' };
  if (!acceptsGzip(request.headers.get('accept-encoding'))) return { body: text, init: { headers: described } };
  return { body: await gzip(), init: { headers: { ...described, 'content-encoding': 'gzip' }, encodeBody: 'manual' } };
}
