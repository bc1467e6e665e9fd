/** What a caller may do. */
export const SCOPES = ['livestream:read', 'livestream:write', 'livestream:secret'];

/** Whoever calls. */
export interface Viewer {
  /** Tells callers of one account apart. */
  id: string;
  /** Secret. The upstream token that the caller's operations are paid from; null: the gateway's own. */
  token: string | null;
  scopes: ReadonlySet<string>;
}

/** Who may do all there is, as far as upstream lets them. */
export const ALL_SCOPES: ReadonlySet<string> = new Set(SCOPES);
