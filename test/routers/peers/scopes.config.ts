import { defineConfig } from '@graphql-hive/gateway';

/** Hive Gateway that knows its callers' scopes. Here a bearer is nothing but its scopes; in earnest a token is verified. */
export const gatewayConfig = defineConfig({
  genericAuth: {
    mode: 'protect-granular',
    rejectUnauthenticated: false,
    resolveUserFn({ request }) {
      const bearer = request?.headers.get('authorization')?.replace('Bearer ', '');
      return bearer === undefined ? null : { scope: bearer };
    },
  },
});
