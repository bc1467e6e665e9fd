import type { ChangedIds } from '../../domain/models.ts';

/*
 * Tags say what a cached value depends on: invalidating a tag makes every value with that tag stale, in all caches. Caches in front of
 * the gateway use the same tags. A tag is visible ASCII without spaces and commas, as `Cache-Tag` requires
 * (https://developers.cloudflare.com/cache/how-to/purge-cache/purge-by-tags/).
 */

/** Every list of livestreams, and the analytics. Every change of a livestream invalidates it. */
export const ALL_LISTS = 'livestreams';
/** Sessions whose meeting is not known. */
export const ANY_SESSION = 'sessions';
/** Everything that was read with a token, once RealtimeKit has rejected that token. */
export const TOKEN_REVOKED = 'revoked';

export const meetingTag = (id: string): string => `meeting:${id}`;
/** A livestream and its sessions. */
export const livestreamTag = (id: string): string => `livestream:${id}`;

/** The tags of a livestream and, if known, of its meeting. */
export function livestreamTags(id: string, meetingId: string | null | undefined): string[] {
  return meetingId ? [livestreamTag(id), meetingTag(meetingId)] : [livestreamTag(id)];
}

/**
 * The maximum length of a response's tags. Cloudflare allows 16 KB, but nginx reads all header fields of a response into 4 KB unless
 * `proxy_buffer_size` is larger.
 */
const MAX_TAGS_CHARS = 2500;

/**
 * The tags of a response as in `Cache-Tag`, separated by commas. Tags that are too long together are replaced by those that every change
 * invalidates.
 */
export function joinTags(tags: Iterable<string>): string {
  const joined = [...tags].join(',');
  return joined.length > MAX_TAGS_CHARS ? `${ALL_LISTS},${ANY_SESSION}` : joined;
}

/** The tags to invalidate when a livestream has changed. */
export function tagsOfChange({ livestreamId, meetingId }: ChangedIds): string[] {
  return [
    ALL_LISTS,
    ANY_SESSION,
    ...(livestreamId === null ? [] : [livestreamTag(livestreamId)]),
    ...(meetingId === null ? [] : [meetingTag(meetingId)]),
  ];
}
