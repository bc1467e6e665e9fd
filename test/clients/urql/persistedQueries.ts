import { type Exchange, fetchExchange } from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';

/** Sends hashes in place of texts, with GET, so that requests are small. */
export const exchanges: Exchange[] = [persistedExchange({ preferGetForPersistedQueries: true }), fetchExchange];
