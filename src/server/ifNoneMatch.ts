/**
 * Whether an `If-None-Match` header contains the tag: then the client has the current representation. The comparison is weak, as the
 * specification says, because proxies may weaken tags (RFC 9110, section 13.1.2).
 */
export function isCurrent(ifNoneMatch: string | null, etag: string): boolean {
  const tags = (ifNoneMatch ?? '').split(',').map(withoutWeakness);
  return tags.includes(withoutWeakness(etag)) || ifNoneMatch?.trim() === '*';
}

function withoutWeakness(tag: string): string {
  return tag.trim().replace(/^W\//, '');
}
