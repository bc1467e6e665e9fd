import type { Random } from './random.ts';

/** A meeting; times are milliseconds since the Unix epoch. */
export interface MeetingRecord {
  id: string;
  title: string;
  status: 'ACTIVE' | 'INACTIVE';
  createdAt: number;
  updatedAt: number;
}

/** A session of a livestream. It is active while `stoppedAt` is undefined. Times are milliseconds since the Unix epoch. */
export interface SessionRecord {
  id: string;
  livestreamId: string;
  invokedAt: number;
  /** When the encoder's first frames arrive, possibly in the future; undefined if they never do. */
  liveAt: number | undefined;
  stoppedAt: number | undefined;
  errMessage: string | undefined;
  /** The average number of viewers. */
  viewers: number;
}

/** A livestream. Its status depends on its sessions and the time: see `World.statusOf`. */
export interface LivestreamRecord {
  id: string;
  /** Undefined if the livestream is independent. */
  meetingId: string | undefined;
  name: string | undefined;
  /** When reads begin to include the name. */
  nameVisibleAt: number;
  playbackUrl: string;
  /** When reads begin to include the playback URL. */
  playbackUrlVisibleAt: number;
  streamKey: string;
  disabled: boolean;
  createdAt: number;
  /** The status while no session is active. */
  inactiveStatus: 'IDLE' | 'OFFLINE' | 'ERRORED';
}

/** Every status a livestream of the sandbox can have. */
export const STATUSES = ['LIVE', 'INVOKED', 'IDLE', 'OFFLINE', 'ERRORED'] as const;
/** The status of a livestream. */
export type Status = (typeof STATUSES)[number];

/** The URL that encoders send to. */
export const INGEST_SERVER = 'rtmps://live.cloudflare.com:443/live/';

/** What identifies a new livestream. */
export function createIdentity(random: Random): Pick<LivestreamRecord, 'id' | 'playbackUrl' | 'streamKey'> {
  return {
    id: random.uuid(),
    playbackUrl: `https://customer-q4ve1c7k2m9sndbx.cloudflarestream.com/${random.hex(32)}/manifest/video.m3u8`,
    streamKey: random.hex(64),
  };
}
