import { defineConfig } from '@graphql-hive/gateway';

/** Hive Gateway that subscribes over a WebSocket: one connection for all who watch, where event streams are one for each. */
export const gatewayConfig = defineConfig({
  transportEntries: {
    livestreams: {
      options: {
        subscriptions: {
          kind: 'ws',
          location: '/graphql',
          options: { connectionParams: { authorization: '{context.headers.authorization}' } },
        },
      },
    },
  },
});
