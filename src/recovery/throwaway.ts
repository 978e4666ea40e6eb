import type { ServerFacts, Target } from './contract.ts';

/** A server that is there to be filled once and thrown away. */
export interface Throwaway {
  readonly target: Target;
  /** Aborts when it ends by itself or cannot go on, with what it said. */
  readonly lost: AbortSignal;
  /** On the same data; undefined: it is not ours to start. */
  readonly restart: ((signal: AbortSignal) => Promise<void>) | undefined;
}

/** Where such a server can be had. Each drill has a place of its own. */
export interface ThrowawayPlace {
  /** Whether it lies where nothing else can be reached. */
  readonly isIsolated: boolean;
  /** What runs there, and what its seal will be, if anybody can tell; rejects where nothing can. */
  describe(signal: AbortSignal): Promise<ServerFacts & { readonly sealType: string | undefined }>;
  /** Room and a directory for this much; what dead drills left is removed and named. */
  prepare(stateBytes: number): Promise<readonly string[]>;
  /** Rejects with `egress_open` or `no_namespace`, before anything of the snapshot is there. */
  checkIsolation(signal: AbortSignal): Promise<void>;
  /** An empty server. */
  start(nodeId: string, signal: AbortSignal): Promise<Throwaway>;
  /** Ends and removes whatever there is; tells what could not be removed. Hears no signal, never rejects. */
  remove(): Promise<readonly string[]>;
}
