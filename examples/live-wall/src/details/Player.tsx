import Hls from 'hls.js';
import { useEffect, useEffectEvent, useRef, useState } from 'react';

interface Props {
  /** The URL of an HLS manifest. */
  url: string;
  title: string;
}

/** Plays a livestream, or says that it cannot be played. */
export default function Player({ url, title }: Props) {
  const [failure, setFailure] = useState<{ hadFocus: boolean } | null>(null);
  if (failure === null) return <Video url={url} title={title} onFail={setFailure} />;
  return (
    <div className="player unplayable" role="status">
      <p className="empty-title">The video does not play yet</p>
      <p>
        RealtimeKit has announced a playback URL, but no video can be loaded from it. The sandbox’s URLs never play.
      </p>
      {/* The focus must not get lost with the video. */}
      {/* oxlint-disable-next-line jsx-a11y/no-autofocus */}
      <button type="button" autoFocus={failure.hadFocus} onClick={() => setFailure(null)}>
        Try again
      </button>
    </div>
  );
}

function Video({ url, title, onFail }: Props & { onFail: (failure: { hadFocus: boolean }) => void }) {
  const ref = useRef<HTMLVideoElement>(null);
  const fail = useEffectEvent(() => onFail({ hadFocus: document.activeElement === ref.current }));

  useEffect(() => {
    const video = ref.current;
    if (video === null) return undefined;
    if (!Hls.isSupported()) {
      // Safari on iPhones plays HLS itself.
      const onError = (): void => fail();
      video.addEventListener('error', onError);
      video.src = url;
      return () => video.removeEventListener('error', onError);
    }
    const hls = new Hls();
    hls.on(Hls.Events.ERROR, (_event, { fatal }) => {
      if (fatal) fail();
    });
    hls.loadSource(url);
    hls.attachMedia(video);
    return () => hls.destroy();
  }, [url]);

  return <video ref={ref} className="player" aria-label={`Video of ${title}`} controls muted autoPlay playsInline />;
}
