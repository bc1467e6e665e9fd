import { readFileSync } from 'node:fs';

import { readDocuments } from '../../src/config/persistedDocuments.ts';
import type { TestGatewayOptions } from '../support/gateway.ts';
import { apiKeySettings, startGatewayWithAuth } from '../support/identityProvider.ts';
import { serveGateway } from '../support/servedGateway.ts';

/** A key that may read and write. */
export const APP_KEY = 'key-of-the-app';
/** A key that may only read. */
export const READER_KEY = 'key-of-a-reader';
export const UNKNOWN_KEY = 'key-of-nobody';

const KEYS = { [APP_KEY]: ['livestream:read', 'livestream:write'], [READER_KEY]: ['livestream:read'] };

/** Serves the documents of a manifest and no others, to callers with one of the keys, until the test ends. */
export async function startTrustedGateway(manifest: URL, options: TestGatewayOptions = {}) {
  const trustedDocuments = readDocuments(
    { TRUSTED_DOCUMENTS: manifest.pathname, TRUSTED_DOCUMENTS_ONLY: 'on' },
    (path) => readFileSync(path, 'utf8'),
  );
  const gateway = await startGatewayWithAuth(apiKeySettings(KEYS), { ...options, options: { trustedDocuments } });
  const { url } = await serveGateway(gateway);
  return { gateway, url, documents: trustedDocuments.documents };
}
