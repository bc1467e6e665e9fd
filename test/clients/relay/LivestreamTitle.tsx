import { graphql, useLazyLoadQuery } from 'react-relay';

import type { LivestreamTitleQuery } from './__generated__/LivestreamTitleQuery.graphql';

export function LivestreamTitle({ id }: { id: string }) {
  const { livestream } = useLazyLoadQuery<LivestreamTitleQuery>(
    graphql`
      query LivestreamTitleQuery($id: ID!) {
        livestream(id: $id) {
          name
        }
      }
    `,
    { id },
  );
  return livestream ? <h1>{livestream.name}</h1> : <p>This livestream does not exist.</p>;
}
