import type { Canary, Manifest } from '../snapshot/manifest.ts';

/**
 * `initialising`: nobody knows whether the init came to pass. `initialised`: its keys are with us alone, or gone. `restore_sent`: the snapshot may be in
 * it. `restored`: it is.
 */
export type Phase = 'initialising' | 'initialised' | 'restore_sent' | 'restored';

/** How far a bootstrap has come, and all that is needed to end it. Holds no secret. */
export interface Marked {
  readonly phase: Phase;
  /** Of the run that began. */
  readonly run_id: string;
  readonly address: string;
  readonly destination: string;
  readonly key: string;
  readonly cluster_id: string;
  readonly seal_shares: number;
  readonly seal_threshold: number;
  readonly seal_fingerprint: string | null;
  readonly canary: Canary | null;
}

/** Kept on disk until the bootstrap has ended, so that whoever comes after a crash knows what he finds. */
export interface Marker {
  read(): Promise<Marked | undefined>;
  /** Durable when it resolves. */
  write(marked: Marked): Promise<void>;
  remove(): Promise<void>;
}

export function markOf(manifest: Manifest, begun: Pick<Marked, 'run_id' | 'address' | 'destination'>): Marked {
  const { key, cluster_id, seal_shares, seal_threshold, seal_fingerprint } = manifest;
  return { phase: 'initialising', ...begun, key, cluster_id, seal_shares, seal_threshold, seal_fingerprint, canary: manifest.canary };
}

/** The name of a policy that the run leaves in the server it initialised. Such names lie in clear on its disk, also while nobody can open it. */
export function signOf({ run_id }: Pick<Marked, 'run_id'>): string {
  return `vault-snapshotd-bootstrap-${run_id}`;
}
