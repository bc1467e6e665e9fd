import { lazy } from '../../lib/lazy.ts';

const ALGORITHM = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };

/** The key pair that signs deliveries: RSA-SHA256 over the raw body. It is generated when first needed, because that takes a while. */
export type SigningKey = ReturnType<typeof createSigningKey>;

export function createSigningKey() {
  let pair = lazy(generate);
  return {
    /** The signature of `body`, in Base64. */
    async sign(body: Uint8Array<ArrayBuffer>): Promise<string> {
      const { privateKey } = await pair();
      return base64(await crypto.subtle.sign(ALGORITHM.name, privateKey, body));
    },
    /** The public key as PEM (SPKI). */
    async publicPem(): Promise<string> {
      const { publicKey } = await pair();
      const lines = base64(await crypto.subtle.exportKey('spki', publicKey)).match(/.{1,64}/g) ?? [];
      return ['-----BEGIN PUBLIC KEY-----', ...lines, '-----END PUBLIC KEY-----', ''].join('\n');
    },
    /** Replaces the key pair. */
    rotate(): void {
      pair = lazy(generate);
    },
  };
}

function generate() {
  const publicExponent = new Uint8Array([1, 0, 1]);
  return crypto.subtle.generateKey({ ...ALGORITHM, modulusLength: 2048, publicExponent }, true, ['sign', 'verify']);
}

function base64(bytes: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)));
}
