import { lazy } from '../../lib/lazy.ts';
import { ASSET, type AssetName, type Assets, loadAssets, VERSION } from './assets.ts';
import { type GraphiqlOptions, renderPage } from './page.ts';
import { createTextAsset, respondWithAsset, type TextAsset } from './textAsset.ts';

/**
 * Scripts and workers of the gateway alone, which send requests to nothing but the gateway. The editor creates style elements.
 * No page may frame GraphiQL: a page of another site could trick its visitors into running a mutation.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "connect-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The URL of the page is that of operations, too. Browsers revalidate the page, so that it never names assets of an earlier version. */
const PAGE_HEADERS = {
  'cache-control': 'private, max-age=0, must-revalidate',
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'referrer-policy': 'same-origin',
  vary: 'accept',
};

/** For assets whose URL names their version: they never change. */
const VERSIONED = { 'cache-control': 'public, max-age=31536000, immutable' };
/** For an asset of another version than the page's, which another replica may have served during an update. */
const OTHER_VERSION = { 'cache-control': 'max-age=0, must-revalidate' };

type ResponseParts = Awaited<ReturnType<typeof respondWithAsset>>;

export interface Graphiql {
  /** The page. */
  page: (request: Request) => Promise<ResponseParts>;
  /** The asset that the request's query names; null if it names none, or an unknown one. */
  asset: (request: Request) => Promise<ResponseParts> | null;
}

/** Serves GraphiQL. Everything is loaded with the first visit, and compressed once. */
export function createGraphiql(options: GraphiqlOptions): Graphiql {
  const load = lazy(async (): Promise<{ assets: Assets; page: TextAsset }> => {
    const assets = await loadAssets();
    return { assets, page: await createTextAsset('text/html', renderPage(options, assets)) };
  });

  async function respondWithNamed(name: string, version: string | null, request: Request): Promise<ResponseParts> {
    const { assets } = await load();
    if (!isAssetName(assets, name)) return { body: 'Not found.\n', init: { status: 404 } };
    const asset = assets[name];
    return respondWithAsset(asset, request, version === asset.hash ? VERSIONED : OTHER_VERSION);
  }

  return {
    async page(request) {
      const { page } = await load();
      return respondWithAsset(page, request, PAGE_HEADERS);
    },
    asset(request) {
      // Most operations by GET have no such parameter.
      if (!request.url.includes(`${ASSET}=`)) return null;
      const { searchParams } = new URL(request.url);
      const name = searchParams.get(ASSET);
      return name === null ? null : respondWithNamed(name, searchParams.get(VERSION), request);
    },
  };
}

function isAssetName(assets: Assets, name: string): name is AssetName {
  return Object.hasOwn(assets, name);
}
