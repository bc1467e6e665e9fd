import { defineConfig } from '@graphql-hive/gateway';

/** Lets Hive Gateway enforce scopes. For the tests, a bearer token consists of its scopes; in production, a token must be verified. */
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
