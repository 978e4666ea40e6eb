import type { Running } from '../system/program.ts';
import { type Act, Ambush, type Refusal } from './ambush.ts';
import type { Cell, Deed, Store } from './declaration.ts';
import { laneOf } from './ground.ts';
import type { Host } from './host.ts';
import { PHASES, type Phase } from './phases.ts';

type Answered = Extract<Deed, 'denied' | 'throttled' | 'broken' | 'unavailable' | 'full'>;

/** In the words of each store, and of Vault. */
const WORDS: Readonly<
  Record<Answered, { readonly status: number; readonly aws: string; readonly gcp: string; readonly azure: string; readonly vault: string }>
> = {
  denied: { status: 403, aws: 'AccessDenied', gcp: 'forbidden', azure: 'AuthorizationFailure', vault: 'permission denied' },
  throttled: {
    status: 429,
    aws: 'SlowDown',
    gcp: 'rateLimitExceeded',
    azure: 'ServerBusy',
    vault: 'request path "sys/storage/raft/snapshot": rate limit quota exceeded',
  },
  broken: { status: 500, aws: 'InternalError', gcp: 'internalError', azure: 'InternalError', vault: 'internal error' },
  unavailable: { status: 503, aws: 'ServiceUnavailable', gcp: 'backendError', azure: 'ServerBusy', vault: 'Vault is sealed' },
  full: { status: 507, aws: 'XMinioStorageFull', gcp: 'quotaExceeded', azure: 'InsufficientStorage', vault: '' },
};

/** In the words of a file system; a disk that is full is one, except where the last step fails. */
const ERRNO: Partial<Record<Deed, string>> = { denied: 'EACCES', full: 'ENOSPC' };

function refusal(deed: Answered, store: Store | 'vault'): Refusal {
  const { status, aws, gcp, azure, vault } = WORDS[deed];
  if (store === 'minio') return { status, body: `<Error><Code>${aws}</Code><Message>as the test wants it</Message></Error>` };
  if (store === 'azurite') return { status, headers: { 'x-ms-error-code': azure }, body: '' };
  if (store === 'vault') return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ errors: [vault] }) };
  const said = { error: { message: 'as the test wants it', errors: [{ reason: gcp }] } };
  // A quota is refused with the status of a missing right.
  return { status: deed === 'full' ? 403 : status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(said) };
}

/** Makes the fault of the cell happen at its moment. Undefined where it needs no moment. */
export function lieInWait(host: Host, program: () => Running): Ambush | undefined {
  const { cell, desk, store, vault } = host;
  const { fault, place } = cell;
  if (!isPhase(place) || (fault.deed === 'full' && cell.store === 'local' && place === 'write')) return undefined;
  // What never loses its turn in a directory has no middle.
  const moment = cell.store === 'local' && place === 'write' && fault.moment(place) === 'amid' ? 'before' : fault.moment(place);
  const ambush = new Ambush({ phase: place, moment, repeats: fault.repeats, act: () => act(host, program()) });
  (place === 'drain' ? vault : (store ?? desk)).ambush = ambush;
  return ambush;
}

function isPhase(place: Cell['place']): place is Phase {
  return (PHASES as readonly string[]).includes(place);
}

async function act({ cell, post, desk, vault }: Host, program: Running): Promise<Act> {
  const { fault, place, store } = cell;
  const { deed } = fault;
  const asked = place === 'drain' ? 'vault' : store;
  // An upload is opened while the archive comes; what befalls Vault then is another place's.
  if (laneOf(deed) !== 'quiet' && place !== 'drain') await vault.drained;
  switch (deed) {
    case 'kill':
      program.signal('SIGKILL');
      return 'silence';
    case 'terminate':
      program.signal('SIGTERM');
      return 'silence';
    case 'finish':
      program.signal('SIGTERM');
      return 'go';
    case 'silence':
      return 'silence';
    case 'cut':
      return 'cut';
    case 'gone':
      return asked === 'local' ? { errno: 'EIO' } : 'cut';
    case 'sealed':
      await (await post.leader()).seal();
      return 'go';
    case 'restarted': {
      const leader = await post.leader();
      await leader.kill();
      await leader.start();
      await leader.unseal();
      // Whoever was about to send died with it.
      return place === 'drain' ? 'cut' : 'go';
    }
    case 'moved':
      await post.stepDown();
      return 'go';
    case 'clock back':
    case 'clock forward':
      program.signal('SIGUSR2');
      await desk.clockIsSet();
      return 'go';
    case 'twice':
      return 'go';
    default:
      return asked === 'local' ? { errno: ERRNO[deed] ?? 'EIO' } : refusal(deed, asked);
  }
}
