import { randomUUID } from 'node:crypto';
import type { Tell } from '../../agent/events.ts';
import type { Config } from '../../config/config.ts';
import type { Environment } from '../../config/secret-source.ts';
import { hostOf } from '../../vault/leadership.ts';
import type { Log } from '../contract.ts';
import { Notifier } from './notifier.ts';
import { Post } from './post.ts';
import { targetsOf } from './targets.ts';

const REQUEST_LIMIT_MS = 10_000;
const CLOSE_GRACE_MS = 5_000;

export interface NotifierHost {
  readonly env: Environment;
  readonly hostname: string;
  readonly version: string;
  readonly log: Log;
  readonly tell: Tell;
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** Opens no connection before there is something to tell. */
export function openNotifier({ notify, cluster, vault }: Config, host: NotifierHost): Notifier {
  const now = () => new Date();
  const post = new Post({
    env: host.env,
    caCertFile: notify.caCertFile,
    userAgent: `vault-snapshotd/${host.version}`,
    limitMs: REQUEST_LIMIT_MS,
    now,
  });
  return new Notifier(targetsOf(notify), {
    post,
    log: host.log,
    tell: host.tell,
    clusterName: cluster.name ?? hostOf(vault.address) ?? vault.address,
    isNamed: cluster.name !== undefined,
    node: host.hostname,
    closeGraceMs: CLOSE_GRACE_MS,
    random: Math.random,
    newId: randomUUID,
    now,
    wait: host.wait,
  });
}
