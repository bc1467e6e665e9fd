import type { LivestreamStatus } from '../generated/graphql.ts';

interface Props {
  status: LivestreamStatus;
  hasPlayback: boolean;
}

/** The way of a livestream from its start to its end. */
export function Progress({ status, hasPlayback }: Props) {
  if (status === 'ERRORED') return <p className="progress-end">The broadcast failed. The last session says why.</p>;
  if (status === 'IDLE' || status === 'OFFLINE') return <p className="progress-end">The livestream has ended.</p>;
  const isLive = status === 'LIVE';
  const steps = [
    { key: 'started', label: 'Started', isDone: true },
    { key: 'video', label: isLive ? 'Video arrives' : 'Waiting for video', isDone: isLive },
    {
      key: 'playback',
      label: isLive && hasPlayback ? 'Ready to watch' : 'Waiting for playback',
      isDone: isLive && hasPlayback,
    },
  ];
  return (
    <ol className="progress" aria-label="Progress">
      {steps.map(({ key, label, isDone }) => (
        <li key={key} data-done={isDone}>
          {label}
          <span className="visually-hidden">{isDone ? ' (done)' : ' (not yet)'}</span>
        </li>
      ))}
    </ol>
  );
}
