// #region fragment
import { type FragmentOf, graphql, readFragment } from './graphql.ts';

export const LivestreamRow = graphql(`
  fragment LivestreamRow on Livestream {
    id
    name
    status
  }
`);

/** Returns the text of a row in a list of livestreams. */
export function textOf(livestream: FragmentOf<typeof LivestreamRow>): string {
  const { name, status } = readFragment(LivestreamRow, livestream);
  return `${name ?? 'Unnamed'}: ${status}`;
}
// #endregion

// #region query
const MeetingPageDocument = graphql(
  `
    query MeetingPage($id: ID!) {
      meeting(id: $id) {
        __typename
        id
        title
        activeLivestream {
          __typename
          ...LivestreamRow
        }
      }
    }
  `,
  [LivestreamRow],
);

export const MeetingPage = graphql.persisted(
  'sha256:0e6c54e174107e22a796709ef77ed9158bb342bac5914ea17c8cfa291d4aa948',
  MeetingPageDocument,
);
// #endregion

// #region list
const LivestreamListDocument = graphql(
  `
    query LivestreamList($first: Int!, $after: String) {
      livestreams(first: $first, after: $after) {
        totalCount
        edges {
          node {
            __typename
            ...LivestreamRow
          }
        }
        pageInfo {
          endCursor
          hasNextPage
        }
      }
    }
  `,
  [LivestreamRow],
);

export const LivestreamList = graphql.persisted(
  'sha256:eb48b74e27895fddb009d4d325164c5b222b5a665ab4b52660dd6f36e62b37f0',
  LivestreamListDocument,
);
// #endregion

// #region mutation
const StartLivestreamDocument = graphql(
  `
    mutation StartLivestream($input: StartLivestreamInput!) {
      startLivestream(input: $input) {
        meeting {
          __typename
          id
          activeLivestream {
            __typename
            ...LivestreamRow
          }
        }
        userErrors {
          code
          message
        }
      }
    }
  `,
  [LivestreamRow],
);

export const StartLivestream = graphql.persisted(
  'sha256:7407ec89fd60affa379639bbe6229af2909f54043f90d48ed4b9d58cf9eddbaf',
  StartLivestreamDocument,
);
// #endregion

// #region subscription
const LivestreamUpdatedDocument = graphql(
  `
    subscription LivestreamUpdated($meetingId: ID!) {
      livestreamUpdated(meetingId: $meetingId) {
        __typename
        ...LivestreamRow
      }
    }
  `,
  [LivestreamRow],
);

export const LivestreamUpdated = graphql.persisted(
  'sha256:8a60b2df47b7f614fc8fe0a91f360b256e0e3477c0c11893d639309943951c06',
  LivestreamUpdatedDocument,
);
// #endregion
