import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

/*
 * `npm start`: runs the program with Node's compile cache, which saves most of the time to read and strip the source. The cache must be
 * on before the program's modules are loaded. Where the folder cannot be written, the program starts without it.
 */
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/node', import.meta.url)));
await import('./node.ts');
