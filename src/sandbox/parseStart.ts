import { parseBody, invalidBody } from './parseBody.ts';
import { isRecord } from './input.ts';

/**
 * Parses the body of `POST /meetings/{meeting_id}/livestreams`. Throws an `ApiError` (400) for what the documentation does not allow,
 * and ignores keys that it does not list.
 */
export function parseStart(body: string): { name: string | undefined } {
  const { name, video_config: video } = parseBody(body);
  if (name !== undefined && typeof name !== 'string') throw invalidBody('name must be a string');
  if (video !== undefined) checkVideo(video);
  return { name };
}

function checkVideo(video: unknown): void {
  if (!isRecord(video)) throw invalidBody('video_config must be an object');
  for (const key of ['width', 'height']) {
    const pixels = video[key];
    if (pixels === undefined || (typeof pixels === 'number' && pixels > 0)) continue;
    throw invalidBody(`video_config.${key} must be a positive number`);
  }
}
