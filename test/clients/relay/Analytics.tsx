import { graphql, useLazyLoadQuery } from 'react-relay';

import type { AnalyticsQuery } from './__generated__/AnalyticsQuery.graphql';
import type { FetchOptions } from './ErrorBoundary.tsx';

export function Analytics({ options }: { options: FetchOptions }) {
  const { livestreamAnalytics } = useLazyLoadQuery<AnalyticsQuery>(
    graphql`
      query AnalyticsQuery @throwOnFieldError {
        livestreamAnalytics {
          count
          viewerSeconds
          days @catch {
            date
          }
        }
      }
    `,
    {},
    options,
  );
  const { count, viewerSeconds, days } = livestreamAnalytics;
  return (
    <section>
      <p>
        {count} livestreams, watched for {Math.round(viewerSeconds / 3600)} hours
      </p>
      <p>{days.ok ? `on ${days.value.length} days` : 'The days are not available.'}</p>
    </section>
  );
}
