/** True when `header` is `Bearer <secret>`. Both sides are hashed, so that the time taken says nothing about the secret. */
export async function bearerMatches(header: string | undefined, secret: string): Promise<boolean> {
  const [given, wanted] = await Promise.all([digest(tokenOf(header ?? '')), digest(secret)]);
  let difference = 0;
  for (let i = 0; i < wanted.byteLength; i++) difference |= (given[i] ?? 0) ^ (wanted[i] ?? 0);
  return difference === 0;
}

/** The scheme is case-insensitive (RFC 9110, section 11.1). */
const tokenOf = (header: string): string => (/^bearer /i.test(header) ? header.slice('bearer '.length).trim() : '');

const digest = async (text: string): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
