// #region list
import { graphql } from './generated';

export const LivestreamCard = graphql(`
  fragment LivestreamCard on Livestream {
    id
    name
    status
  }
`);

export const Livestreams = graphql(`
  query Livestreams($first: Int!, $after: String, $filter: LivestreamFilter) {
    livestreams(first: $first, after: $after, filter: $filter) {
      totalCount
      edges {
        node {
          id
          ...LivestreamCard
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);
// #endregion

// #region pages
export const LivestreamPage = graphql(`
  query LivestreamPage($id: ID!) {
    livestream(id: $id) {
      id
      name
      status
    }
  }
`);

export const MeetingPage = graphql(`
  query MeetingPage($id: ID!) {
    meeting(id: $id) {
      id
      title
      activeLivestream {
        id
        status
        playbackUrl
      }
    }
  }
`);
// #endregion

// #region mutations
export const StartLivestream = graphql(`
  mutation StartLivestream($input: StartLivestreamInput!) {
    startLivestream(input: $input) {
      meeting {
        id
        activeLivestream {
          id
          status
          playbackUrl
        }
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`);

export const StopLivestream = graphql(`
  mutation StopLivestream($input: StopLivestreamInput!) {
    stopLivestream(input: $input) {
      meeting {
        id
        activeLivestream {
          id
        }
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`);
// #endregion

// #region subscription
export const LivestreamUpdated = graphql(`
  subscription LivestreamUpdated($meetingId: ID!) {
    livestreamUpdated(meetingId: $meetingId) {
      id
      status
      playbackUrl
    }
  }
`);
// #endregion

// #region changes
export const LivestreamChanges = graphql(`
  subscription LivestreamChanges {
    livestreamUpdated {
      id
      status
      ...LivestreamCard
    }
  }
`);
// #endregion
