const SIZE_GUESS = 'vault-snapshotd-size-guess';

/** Written beside the object: what its parts were cut by, so that their sums can be made again where a store keeps none. */
export function announceSize(sizeGuess: number): Record<string, string> {
  return { [SIZE_GUESS]: String(sizeGuess) };
}

/** Undefined for an object that is not of ours. */
export function announcedSize(metadata: Readonly<Record<string, string>> | undefined): number | undefined {
  const written = metadata?.[SIZE_GUESS];
  return written !== undefined && /^\d{1,15}$/.test(written) ? Number(written) : undefined;
}
