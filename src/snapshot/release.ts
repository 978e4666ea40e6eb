/**
 * Frees a large buffer at once. The garbage collector lets some sixty megabytes of them lie before it looks. Only for one that nobody reads or
 * writes any more: what still holds it finds it empty. One that shares its memory with others is left alone.
 */
export function release({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength) buffer.transfer(0);
}
