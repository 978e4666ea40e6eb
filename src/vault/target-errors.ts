import { SnapshotError } from '../errors.ts';
import { statusOf } from './errors.ts';

/** Shares are judged only when the last one is there, and then all of them are forgotten. */
export function toUnsealError(error: unknown): unknown {
  if (!(error instanceof SnapshotError) || statusOf(error) !== 400) return error;
  // The server still counts with the shares of its own init, and has mixed a wrong number of them.
  const isCountWrong = error.message.includes('invalid key size');
  const advice = isCountWrong
    ? { advice: 'restart the server: until then it counts with the number of shares it was initialised with; then give them again' }
    : {};
  return new SnapshotError('wrong_unseal_keys', error.message, { cause: error.cause, ...advice });
}

export function toInitError(error: unknown): unknown {
  if (!(error instanceof SnapshotError) || statusOf(error) !== 400) return error;
  const advice = 'the server is initialised already, or its seal wants other parameters: look at "vault status"';
  return new SnapshotError('server_refused', error.message, { cause: error.cause, advice });
}
