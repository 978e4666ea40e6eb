import { SnapshotError } from '../../errors.ts';

export function invalid(message: string, advice: string, cause?: unknown): SnapshotError {
  return new SnapshotError('config_invalid', message, { advice, cause });
}
