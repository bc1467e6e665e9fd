import { defineConfig } from '@graphql-hive/gateway';

/** Lets Hive Gateway subscribe over one WebSocket for all subscribers. Server-Sent Events need one connection per subscriber. */
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
