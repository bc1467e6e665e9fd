import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';

const client = new ApolloClient({
  link: new HttpLink({ uri: 'http://127.0.0.1:4000/graphql' }),
  cache: new InMemoryCache(),
});
const { data } = await client.query({
  query: gql`
    {
      livestreams(first: 1) {
        totalCount
      }
    }
  `,
});
console.log(JSON.stringify(data));
