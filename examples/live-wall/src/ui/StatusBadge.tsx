import type { LivestreamStatus } from '../generated/graphql.ts';

const LABELS: ReadonlyMap<LivestreamStatus, string> = new Map([
  ['LIVE', 'Live'],
  ['INVOKED', 'Starting'],
  ['ERRORED', 'Failed'],
  ['IDLE', 'Ended'],
  ['OFFLINE', 'Ended'],
]);

/** A livestream's status, in a word and a color. */
export function StatusBadge({ status }: { status: LivestreamStatus }) {
  return (
    <span className="badge" data-status={status}>
      {LABELS.get(status) ?? 'Unknown'}
    </span>
  );
}
