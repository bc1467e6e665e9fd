/** All scopes: what callers may be allowed to do. */
export const SCOPES = ['livestream:read', 'livestream:write', 'livestream:secret'];

/** The authenticated caller of an operation. */
export interface Viewer {
  /** Distinguishes callers who share an account; empty if there is nothing to distinguish them by. */
  id: string;
  /** By this name, the caller has a share of the account's request budget; undefined if all callers of the account are one. */
  shareName?: string;
  /** Secret. The RealtimeKit token that the caller's operations use; null for the gateway's own token. */
  token: string | null;
  scopes: ReadonlySet<string>;
  /**
   * Calls `onEnd` once the credential expires or is withdrawn; returns a function that prevents the call. Undefined if only RealtimeKit
   * decides how long the credential is valid.
   */
  onCredentialEnd?: (onEnd: () => void) => () => void;
}

/** For callers whose permissions RealtimeKit alone decides. */
export const ALL_SCOPES: ReadonlySet<string> = new Set(SCOPES);
