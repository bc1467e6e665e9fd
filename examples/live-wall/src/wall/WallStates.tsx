/** Placeholders in the shape of the tiles that are being loaded. */
export function LoadingWall() {
  return (
    <section aria-busy="true" aria-labelledby="live-heading">
      <h2 id="live-heading">Live now</h2>
      <p role="status" className="visually-hidden">
        Loading livestreams…
      </p>
      <ul className="tiles" aria-hidden="true">
        {Array.from({ length: 8 }, (_, index) => (
          <li key={index} className="tile skeleton" />
        ))}
      </ul>
    </section>
  );
}

/** Nothing is live. */
export function EmptyWall({ onStart }: { onStart: () => void }) {
  return (
    <div className="empty">
      <p className="empty-title">Nothing is live right now</p>
      <p>A livestream appears here by itself as soon as one goes live.</p>
      <button type="button" className="primary" onClick={onStart}>
        Start a livestream
      </button>
    </div>
  );
}
