import { writeFile } from 'node:fs/promises';

import { createErrorCatalog, ERROR_CATALOG } from './errorCatalogPage.ts';

/** `npm run errors:docs`: brings about every error, and writes the page with the responses. */
await writeFile(ERROR_CATALOG, await createErrorCatalog());
