import { graphql } from './generated';

// #region query
export const MeetingPage = graphql(`
  query MeetingPage($id: ID!) {
    meeting(id: $id) {
      title
      activeLivestream {
        ...LivestreamRow
      }
    }
  }
`);
// #endregion

// #region operations
graphql(`
  fragment LivestreamRow on Livestream {
    id
    name
    status
  }
`);

export const LivestreamList = graphql(`
  query LivestreamList($first: Int!, $after: String) {
    livestreams(first: $first, after: $after) {
      totalCount
      nodes {
        ...LivestreamRow
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`);

export const StartLivestream = graphql(`
  mutation StartLivestream($input: StartLivestreamInput!) {
    startLivestream(input: $input) {
      meeting {
        activeLivestream {
          ...LivestreamRow
        }
      }
      userErrors {
        code
        message
      }
    }
  }
`);

export const LivestreamUpdated = graphql(`
  subscription LivestreamUpdated($meetingId: ID!) {
    livestreamUpdated(meetingId: $meetingId) {
      ...LivestreamRow
    }
  }
`);
// #endregion
