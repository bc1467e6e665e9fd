/** Base64 of at most 1,024 bytes: the signature of an 8,192-bit key. RealtimeKit's key has 2,048 bits. */
const BASE64 = /^[A-Za-z0-9+/]{2,1366}={0,2}$/;

/**
 * Decodes the header `rtk-signature`. Returns null if the header is missing or cannot be a signature, so that the receiver can
 * reject the request without the public key.
 */
export function parseSignature(header: string | null): Uint8Array<ArrayBuffer> | null {
  if (header === null || !BASE64.test(header)) return null;
  try {
    return Uint8Array.from(atob(header), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

/** Whether the owner of the private key signed exactly this body: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, section 8.2). */
export function verifySignature(
  key: CryptoKey,
  signature: Uint8Array<ArrayBuffer>,
  body: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  return crypto.subtle.verify('RSASSA-PKCS1-v1_5', key, signature, body);
}
