import type { Random } from './random.ts';

/** A meeting; times are milliseconds since the Unix epoch. */
export interface MeetingRecord {
  id: string;
  title: string;
  status: 'ACTIVE' | 'INACTIVE';
  createdAt: number;
  updatedAt: number;
}

/** One run of a livestream. It runs for as long as `stoppedAt` is undefined. */
export interface SessionRecord {
  id: string;
  livestreamId: string;
  invokedAt: number;
  /** When the encoder's first frames arrive, perhaps in the future; undefined: they never do. */
  liveAt: number | undefined;
  stoppedAt: number | undefined;
  errMessage: string | undefined;
  /** Viewers on average. */
  viewers: number;
}

/** A livestream; its status follows from its sessions and the time (see `World.statusOf`). */
export interface LivestreamRecord {
  id: string;
  /** Undefined: an independent livestream. */
  meetingId: string | undefined;
  name: string | undefined;
  /** From when on reads tell the name. */
  nameVisibleAt: number;
  playbackUrl: string;
  /** From when on reads tell the playback URL. */
  playbackUrlVisibleAt: number;
  streamKey: string;
  disabled: boolean;
  createdAt: number;
  /** The status while no session runs. */
  inactiveStatus: 'IDLE' | 'OFFLINE' | 'ERRORED';
}

/** Every status a livestream of the sandbox can have. */
export const STATUSES = ['LIVE', 'INVOKED', 'IDLE', 'OFFLINE', 'ERRORED'] as const;
export type Status = (typeof STATUSES)[number];

/** Where encoders send to. */
export const INGEST_SERVER = 'rtmps://live.cloudflare.com:443/live/';

/** A livestream with new ids and addresses that nothing is known of yet. */
export function createLivestream(random: Random, createdAt: number): LivestreamRecord {
  return {
    id: random.uuid(),
    meetingId: undefined,
    name: undefined,
    nameVisibleAt: createdAt,
    playbackUrl: `https://customer-q4ve1c7k2m9sndbx.cloudflarestream.com/${random.hex(32)}/manifest/video.m3u8`,
    playbackUrlVisibleAt: createdAt,
    streamKey: random.hex(64),
    disabled: false,
    createdAt,
    inactiveStatus: 'IDLE',
  };
}
