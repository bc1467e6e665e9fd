import { useEffect, useEffectEvent, useState } from 'react';

interface Props {
  /** In milliseconds since the Unix epoch. */
  until: number;
  /** Called once, when the time has come. */
  onEnd?: () => void;
}

/** The seconds that remain, for the eye: give screen readers a sentence that does not change. Use `until` as `key`, too. */
export function Countdown({ until, onEnd }: Props) {
  const [now, setNow] = useState(Date.now);
  const onElapsed = useEffectEvent(() => onEnd?.());

  useEffect(() => {
    const ticks = setInterval(() => setNow(Date.now()), 250);
    const end = setTimeout(() => onElapsed(), until - Date.now());
    return () => {
      clearInterval(ticks);
      clearTimeout(end);
    };
  }, [until]);

  return <span className="countdown">{Math.max(0, Math.ceil((until - now) / 1000))} s</span>;
}

/** When a wait of `seconds` ends that the error `start` has begun; null if there is nothing to wait for. */
export function endOfWait(start: object, seconds: number | null): number | null {
  if (seconds === null) return null;
  const end = ends.get(start) ?? Date.now() + seconds * 1000;
  ends.set(start, end);
  return end;
}

const ends = new WeakMap<object, number>();
