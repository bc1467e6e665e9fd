// #region query
import { graphql } from './generated';

graphql(`
  fragment LivestreamRow on Livestream {
    id
    name
    status
  }
`);

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

// #region list
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
// #endregion

// #region mutation
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
// #endregion

// #region subscription
export const LivestreamUpdated = graphql(`
  subscription LivestreamUpdated($meetingId: ID!) {
    livestreamUpdated(meetingId: $meetingId) {
      ...LivestreamRow
    }
  }
`);
// #endregion
