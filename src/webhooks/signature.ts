/** In Base64, of a key of at most 8,192 bits; RealtimeKit's has 2,048. */
const BASE64 = /^[A-Za-z0-9+/]{2,1366}={0,2}$/;

/** The bytes of an `rtk-signature`; null for what can be none, so that no key has to be at hand to refuse it. */
export function parseSignature(header: string | null): Uint8Array<ArrayBuffer> | null {
  if (header === null || !BASE64.test(header)) return null;
  try {
    return Uint8Array.from(atob(header), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

/** Whether whoever has the private key signed exactly these bytes: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2). */
export function verifySignature(
  key: CryptoKey,
  signature: Uint8Array<ArrayBuffer>,
  body: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  return crypto.subtle.verify('RSASSA-PKCS1-v1_5', key, signature, body);
}
