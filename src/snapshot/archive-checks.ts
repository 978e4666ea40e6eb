import { SnapshotError } from '../errors.ts';

/** Everything an archive must be, by the name the check has in errors: `archive: <check>: expected X, found Y`. */
export const ARCHIVE_CHECKS = {
  'gzip header': 'begins as a gzip file without optional fields',
  'gzip data': 'unpacks',
  'gzip end': 'is there to the last byte of the gzip trailer, and nothing follows',
  'gzip crc': 'unpacks to what was packed: CRC-32',
  'gzip size': 'unpacks to as many bytes as were packed',
  'tar header': 'every tar header has its checksum, the ustar magic and readable numbers',
  'tar members': 'holds meta.json, state.bin, SHA256SUMS and SHA256SUMS.sealed: in this order, each once, nothing else',
  'tar padding': 'members are filled up with zeros',
  'tar end': 'two zero blocks end the tar, and nothing follows',
  'member size': 'no member but state.bin is empty or longer than the server itself would accept',
  'meta.json': 'is JSON of version 1 with an index, a term and a size',
  'state.bin size': 'is as long as meta.json says',
  'state.bin records': 'is a whole number of readable records',
  SHA256SUMS: 'names meta.json and state.bin, each once, with 64 hexadecimal digits',
  'sha256 of meta.json': 'is the one SHA256SUMS gives',
  'sha256 of state.bin': 'is the one SHA256SUMS gives',
} as const;

export type ArchiveCheck = keyof typeof ARCHIVE_CHECKS;

/** An archive that is not what it must be, by the first check it failed. */
export class ArchiveFault extends SnapshotError {
  readonly check: string;

  constructor(check: string, expected: string, found: string, cause?: unknown) {
    super('archive_corrupt', `archive: ${check}: expected ${expected}, found ${found}`, cause === undefined ? {} : { cause });
    this.check = check;
  }
}

export function corrupt(check: ArchiveCheck, expected: string, found: string, cause?: unknown): ArchiveFault {
  return new ArchiveFault(check, expected, found, cause);
}
