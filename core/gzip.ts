/** `bytes` through a stream of the platform. The cast says that they are not in shared memory, which streams do not take. */
async function through(bytes: Uint8Array, transform: CompressionStream | DecompressionStream): Promise<Uint8Array> {
  const writer = transform.writable.getWriter();
  const written = writer.write(bytes as Uint8Array<ArrayBuffer>).then(() => writer.close());
  const [read] = await Promise.all([new Response(transform.readable).arrayBuffer(), written]);
  return new Uint8Array(read);
}

/** RFC 1952. Other bytes from one zlib to the next for the same input: never hash them. */
export const gzip = (bytes: Uint8Array): Promise<Uint8Array> => through(bytes, new CompressionStream('gzip'));
/** For bytes of our own only: what comes from outside is inflated where its size is watched. */
export const gunzip = (bytes: Uint8Array): Promise<Uint8Array> => through(bytes, new DecompressionStream('gzip'));
