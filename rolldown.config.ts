import { defineConfig, type RolldownOptions } from 'rolldown';

/**
 * Puts a program and its packages into `dist/<name>.js`. What it loads only if needed goes into `dist/chunks`: the page of GraphiQL
 * alone has 9 MB.
 */
function bundle(name: string, program: string): RolldownOptions {
  return {
    input: { [name]: program },
    platform: 'node',
    // ES modules where a package has both kinds: rolldown leaves out the exports that nothing uses.
    resolve: { mainFields: ['module', 'main'] },
    output: {
      dir: 'dist',
      sourcemap: true,
      entryFileNames: '[name].js',
      chunkFileNames: ({ facadeModuleId }) => `chunks/${name}/${nameOf(facadeModuleId) ?? '[name]'}.js`,
    },
  };
}

/** Returns the package or the folder of `src` that a lazily loaded module has, if its file name does not say what it is. */
function nameOf(module: string | null | undefined): string | undefined {
  return /(render-graphiql|jose|sandbox)\//.exec(module ?? '')?.[1];
}

export default defineConfig([
  bundle('gateway', 'src/node.ts'),
  bundle('sandbox', 'src/sandbox/main.ts'),
  bundle('webhooks', 'src/cli/webhooks.ts'),
]);
