import { cacheExchange, Client, fetchExchange } from '@urql/core';

const client = new Client({
  url: 'http://127.0.0.1:4000/graphql',
  exchanges: [cacheExchange, fetchExchange],
});
const { data, error } = await client.query('{ livestreams(first: 1) { totalCount } }', {});
if (error) throw error;
console.log(JSON.stringify(data));
