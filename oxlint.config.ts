import { defineConfig, type OxlintOverride } from 'oxlint';

/**
 * The folders of `src`, from the top down. A folder imports only from folders on lines below its own; type imports count.
 * `generated` belongs to `graphql`: the two may import each other.
 */
const LAYERS = [
  ['cli', 'workers'],
  ['server'],
  ['config'],
  ['graphql', 'generated'],
  ['live', 'webhooks', 'auth', 'purge'],
  ['data'],
  ['budget'],
  ['realtimekit', 'cluster'],
  ['domain'],
  ['telemetry', 'sandbox'],
  ['lib'],
];

/** The files that may use Node's modules and globals: everything else must also run on Cloudflare Workers. */
const NODE_FILES = [
  'src/start.ts',
  'src/node.ts',
  'src/cli/**',
  'src/cluster/redis.ts',
  'src/cluster/redisHealth.ts',
  'src/realtimekit/undiciRequest.ts',
  'src/realtimekit/undiciTransport.ts',
  'src/sandbox/main.ts',
  'src/sandbox/server.ts',
  'src/server/gracefulShutdown.ts',
  'src/server/httpServer.ts',
  'src/server/settingsFiles.ts',
  'src/server/websocket/socket.ts',
  'src/server/websocket/webSocketServer.ts',
  'src/telemetry/bufferedWriter.ts',
  'src/telemetry/nodeMetrics.ts',
  'src/telemetry/pinoLog.ts',
  'src/telemetry/startTelemetry.ts',
];

const NODE_ONLY = {
  group: ['node:*', 'undici', 'ioredis', 'pino', 'prom-client', 'ws'],
  message:
    'The core must run on any JavaScript runtime. Use an injected dependency; Node adapters are listed in oxlint.config.ts.',
};

/** Forbids imports, wherever in the folder the importing file is, from other folders of `src`. */
function forbid(folders: readonly string[], message: string) {
  return { regex: `^(\\.\\./)+(${folders.join('|')})/`, message };
}

/** The folders that files of `folder` must not import from. */
function foldersNotBelow(folder: string): string[] {
  const index = LAYERS.findIndex((line) => line.includes(folder));
  const isOwn = (other: string): boolean =>
    other === folder || (['graphql', 'generated'].includes(other) && ['graphql', 'generated'].includes(folder));
  const above = LAYERS.slice(0, index + 1).flat();
  return [...new Set([...above, 'sandbox'])].filter((other) => !isOwn(other));
}

function restrictImports(files: string[], ...patterns: object[]): OxlintOverride {
  return { files, rules: { 'no-restricted-imports': ['error', { patterns }] } };
}

const layerOf = (folder: string) =>
  forbid(
    foldersNotBelow(folder),
    `src/${folder} imports only from the folders below it: see LAYERS in oxlint.config.ts.`,
  );

const folders = LAYERS.flat();
const portableFiles = folders.map((folder) => restrictImports([`src/${folder}/**`], layerOf(folder), NODE_ONLY));
/** An override replaces the options of the one before it, so Node adapters get the layer's pattern again. */
const nodeFiles = folders.map((folder) => {
  const files = NODE_FILES.filter((file) => file.startsWith(`src/${folder}/`));
  return restrictImports(files, layerOf(folder));
});

export default defineConfig({
  plugins: ['typescript', 'import', 'unicorn', 'oxc', 'vitest', 'promise'],
  categories: { correctness: 'error', suspicious: 'error', perf: 'error' },
  options: { typeAware: true, reportUnusedDisableDirectives: 'error' },
  ignorePatterns: [
    'src/cli/checkNode.cjs',
    'src/generated/**',
    'test/generated/**',
    // This has a configuration and packages of its own.
    'examples/live-wall/**',
    'test/bench/peers/**',
    'test/clients/**',
    'test/routers/peers/**',
  ],
  rules: {
    'no-await-in-loop': 'off',
    'unicorn/consistent-function-scoping': 'off',
    'unicorn/no-useless-undefined': 'off',
    'no-shadow': 'off',
    'no-console': 'error',
    'import/no-cycle': ['error', { ignoreTypes: false }],
    'import/no-unassigned-import': 'off',
    'typescript/no-explicit-any': 'error',
    'typescript/no-non-null-assertion': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/no-unsafe-assignment': 'error',
    'typescript/no-unsafe-call': 'error',
    'typescript/no-unsafe-member-access': 'error',
    'typescript/no-unsafe-return': 'error',
    'typescript/no-unsafe-argument': 'error',
    'typescript/no-unsafe-type-assertion': 'error',
    'typescript/switch-exhaustiveness-check': 'error',
    'typescript/consistent-type-imports': 'error',
    'typescript/return-await': 'error',
  },
  overrides: [
    {
      files: ['src/**'],
      rules: { 'no-restricted-globals': ['error', 'process', 'Buffer', 'global', '__dirname', 'require'] },
    },
    ...portableFiles,
    ...nodeFiles.filter(({ files }) => files.length > 0),
    restrictImports(
      ['src/graphql/*.ts', 'src/graphql/resolvers/**', 'src/graphql/limits/**'],
      layerOf('graphql'),
      NODE_ONLY,
      forbid(['data', 'budget', 'realtimekit', 'cluster'], 'Only src/graphql/loaders reaches the data layer.'),
    ),
    { files: NODE_FILES, rules: { 'no-restricted-globals': 'off', 'no-console': 'off' } },
    { files: ['src/telemetry/consoleLog.ts'], rules: { 'no-console': 'off' } },
  ],
});
