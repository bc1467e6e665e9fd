import { graphql, useFragment } from 'react-relay';

import type { LivestreamRow_livestream$key } from './__generated__/LivestreamRow_livestream.graphql';

export function LivestreamRow(props: { livestream: LivestreamRow_livestream$key }) {
  const { name, status } = useFragment(
    graphql`
      fragment LivestreamRow_livestream on Livestream {
        name
        status
      }
    `,
    props.livestream,
  );
  return (
    <li>
      {name}: {status}
    </li>
  );
}
