import Hls from 'hls.js';
import { useEffect, useEffectEvent, useRef, useState } from 'react';

interface Props {
  /** The URL of an HLS manifest. */
  url: string;
  title: string;
}

/** Plays a livestream, or says that it cannot be played. */
export default function Player({ url, title }: Props) {
  const [hasFailed, setHasFailed] = useState(false);
  if (!hasFailed) return <Video url={url} title={title} onFail={() => setHasFailed(true)} />;
  return (
    <div className="player unplayable" role="status">
      <p className="empty-title">The video does not play yet</p>
      <p>
        RealtimeKit has announced a playback URL, but no video can be loaded from it. The sandbox’s URLs never play.
      </p>
      <button type="button" onClick={() => setHasFailed(false)}>
        Try again
      </button>
    </div>
  );
}

function Video({ url, title, onFail }: Props & { onFail: () => void }) {
  const ref = useRef<HTMLVideoElement>(null);
  const fail = useEffectEvent(onFail);

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
