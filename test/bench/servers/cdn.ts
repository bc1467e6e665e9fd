import { startCdn } from '../../support/cdn.ts';

/*
 * The CDN of the tests, in front of the gateway at the origin `GATEWAY_ORIGIN`. It accepts invalidations as Apollo Router does, with the
 * key `PURGE_KEY`.
 */

const { GATEWAY_ORIGIN = '', PURGE_KEY = '' } = process.env;
const cdn = await startCdn({
  gatewayOrigin: GATEWAY_ORIGIN,
  purge: { path: '/invalidation', authorization: PURGE_KEY },
});
process.stdout.write(`${cdn.origin}/graphql\n`);
