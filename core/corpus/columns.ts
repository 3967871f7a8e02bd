/** How values come out of libSQL rows. */
export const text = (value: unknown): string => String(value);
export const textOrNull = (value: unknown): string | null => (value == null ? null : String(value));
export const numberOrNull = (value: unknown): number | null => (value == null ? null : Number(value));
export const bytes = (value: unknown): Uint8Array => new Uint8Array(value as ArrayBuffer); // libSQL gives blobs as ArrayBuffer
