import { onTestFinished } from 'vitest';
import type { Clock } from '../../../src/agent/clock.ts';
import { Secret } from '../../../src/config/secret.ts';
import type { Hidden, Target } from '../../../src/recovery/contract.ts';
import { openTarget } from '../../../src/vault/target.ts';
import { literal, PLAIN_TLS } from '../../fakes/vault/client-of.ts';
import { type FakeServer, type Reply, type Script, startHttpVault } from '../../fakes/vault/http-vault.ts';

export const NEVER = new AbortController().signal;
export const TOKEN: Hidden = new Secret('t0ken-of-ours');
export const SERVING = { initialized: true, sealed: false, standby: false };

/** A target of ours, and a server in Vault's place that does what the script says. */
export async function scriptedTarget(script: Script): Promise<{ readonly target: Target; readonly server: FakeServer }> {
  const server = await startHttpVault(script);
  const auth = { method: 'token', token: literal('t0ken-of-ours') } as const;
  const target = openTarget({ address: server.address, namespace: undefined, tls: PLAIN_TLS, auth }, new HurriedClock());
  onTestFinished(async () => {
    target.close();
    await server.close();
  });
  return { target, server };
}

export function sealStatus(changes: Readonly<Record<string, unknown>> = {}): Reply {
  return { status: 200, json: { initialized: true, sealed: false, type: 'shamir', n: 5, t: 3, progress: 0, cluster_id: 'id-1', ...changes } };
}

/** Every wait is over at once, and the time has gone by. */
export class HurriedClock implements Clock {
  #ms = Date.parse('2026-01-02T03:00:00Z');

  now(): Date {
    return new Date(this.#ms);
  }

  async waitUntil(time: Date): Promise<void> {
    this.#ms = Math.max(this.#ms, time.getTime());
  }
}
