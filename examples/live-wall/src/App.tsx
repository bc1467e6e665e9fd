import { useState } from 'react';

import { AllLivestreams } from './all/AllLivestreams.tsx';
import { Details } from './details/Details.tsx';
import { describeError } from './errors/describeError.ts';
import { InlineError } from './errors/InlineError.tsx';
import { StartLivestream } from './start/StartLivestream.tsx';
import { Announcer } from './ui/Announcer.tsx';
import { ConnectionStatus } from './ui/ConnectionStatus.tsx';
import { goTo, linkTo, type Route, useRoute } from './ui/route.ts';
import { useLivestreamChanges } from './wall/LivestreamChanges.tsx';
import { Wall } from './wall/Wall.tsx';

const VIEWS: readonly { view: Route['view']; label: string }[] = [
  { view: 'wall', label: 'Wall' },
  { view: 'all', label: 'All livestreams' },
];

export function App() {
  const { view, livestreamId } = useRoute();
  const [isStarting, setIsStarting] = useState(false);
  const { error, restart } = useLivestreamChanges();
  const openStart = (): void => setIsStarting(true);

  return (
    <>
      <header className="page-header">
        <h1>Live wall</h1>
        <nav aria-label="Views">
          {VIEWS.map((each) => (
            <a
              key={each.view}
              href={linkTo({ view: each.view, livestreamId: null })}
              aria-current={each.view === view ? 'page' : undefined}
            >
              {each.label}
            </a>
          ))}
        </nav>
        <ConnectionStatus />
        <button type="button" className="primary" onClick={openStart}>
          Start a livestream
        </button>
      </header>
      <main tabIndex={-1}>
        {error !== undefined && (
          <InlineError error={error} problem={describeError(error)} what="Changes do not arrive" onRetry={restart} />
        )}
        {view === 'wall' ? <Wall onStart={openStart} /> : <AllLivestreams />}
      </main>
      {livestreamId !== null && (
        <Details key={livestreamId} livestreamId={livestreamId} onClose={() => goTo({ view, livestreamId: null })} />
      )}
      {isStarting && (
        <StartLivestream
          onClose={() => setIsStarting(false)}
          onStarted={(id) => {
            setIsStarting(false);
            goTo({ view, livestreamId: id });
          }}
        />
      )}
      <Announcer />
    </>
  );
}
