import { defineConfig } from '@graphql-hive/gateway';

/** Hive Gateway's configuration, as the README has it: the subgraphs learn who asks. */
export const gatewayConfig = defineConfig({
  propagateHeaders: {
    fromClientToSubgraphs({ request }) {
      const authorization = request.headers.get('authorization');
      return authorization === null ? {} : { authorization };
    },
  },
});
