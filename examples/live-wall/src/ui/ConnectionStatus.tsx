import { Countdown } from '../errors/Countdown.tsx';
import { type Connection, reconnectNow, useConnection } from '../graphql/connection.ts';
import { keepFocus } from './keepFocus.ts';

/** Whether changes arrive as they happen: a line in the header, read out when it changes. */
export function ConnectionStatus() {
  const connection = useConnection();
  return (
    <div className="connection" tabIndex={-1} data-state={connection.kind}>
      <span role="status">{LABELS[connection.kind]}</span>
      {connection.kind === 'reconnecting' && <NextAttempt connection={connection} />}
    </div>
  );
}

const LABELS: Readonly<Record<Connection['kind'], string>> = {
  connecting: 'Connecting…',
  live: 'Connected',
  reconnecting: 'Connection lost, reconnecting…',
  offline: 'You are offline',
};

/** The time until the next attempt to connect, and a button that does not wait for it. */
function NextAttempt({ connection: { retryAt } }: { connection: Extract<Connection, { kind: 'reconnecting' }> }) {
  if (retryAt === null) return null;
  return (
    <>
      <span aria-hidden="true">
        in <Countdown key={retryAt} until={retryAt} />
      </span>
      <button type="button" className="link-button" onClick={keepFocus(reconnectNow)}>
        Now
      </button>
    </>
  );
}
