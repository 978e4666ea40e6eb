/** A bucket that once kept versions calls all that came after "null": that tells none of them apart. */
export function versionOf(id: string | undefined): { readonly version?: string } {
  return id === undefined || id === 'null' ? {} : { version: id };
}
