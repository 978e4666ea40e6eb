import type { IncomingMessage } from 'node:http';

/** The steps of a round in their order; `drain` is the reading of the archive from Vault. */
export const PHASES = ['drain', 'open', 'write', 'commit', 'readback', 'manifest', 'prune'] as const;
export type Phase = (typeof PHASES)[number];

export type Moment = 'before' | 'amid' | 'after';

/** Of what is spoken on a line. */
export type Speech = 'vault' | 'aws' | 'gcp' | 'azure';

type UploadStep = 'open' | 'write' | 'commit';

/** One request on its way: the phase it belongs to, and whether it is the one that makes something visible. */
export interface Passing {
  readonly phase: Phase;
  readonly isCommit: boolean;
}

const SNAPSHOT = '/v1/sys/storage/raft/snapshot';

/** Knows by the requests of one program, in their order, how far its round is. */
export class Course {
  readonly #speech: Speech;
  #isCommitted = false;
  #opensManifest = false;

  constructor(speech: Speech) {
    this.#speech = speech;
  }

  /** Undefined for what is no step of a round: logins, listings, the removal of an upload that failed. */
  read(incoming: IncomingMessage): Passing | undefined {
    const url = new URL(incoming.url ?? '', 'http://of.no/matter');
    if (this.#speech === 'vault') return url.pathname === SNAPSHOT ? { phase: 'drain', isCommit: false } : undefined;
    const text = decodeURIComponent(`${url.pathname}${url.search}`);
    const step = UPLOADING[this.#speech](incoming, url.searchParams);
    if (step === undefined) return this.#readOther(incoming, url, text);
    // The later requests of a session of Google do not tell its object.
    const isManifest = this.#speech === 'gcp' && step !== 'open' ? this.#opensManifest : text.includes('manifests/');
    if (step === 'open') this.#opensManifest = isManifest;
    return { phase: isManifest ? 'manifest' : step, isCommit: step === 'commit' };
  }

  /** The store has done it. */
  done({ phase, isCommit }: Passing): void {
    if (isCommit) this.#isCommitted = phase === 'commit';
  }

  #readOther({ method = '' }: IncomingMessage, { searchParams: query }: URL, text: string): Passing | undefined {
    const isUpload = query.has('uploadId') || query.has('upload_id');
    const isDeletion = method === 'DELETE' || (method === 'POST' && (query.has('delete') || query.get('comp') === 'batch'));
    if (isDeletion && !isUpload) return { phase: 'prune', isCommit: false };
    const isLook = (method === 'HEAD' || method === 'GET') && /\.snap(\?|$)/.test(text);
    return isLook && this.#isCommitted ? { phase: 'readback', isCommit: false } : undefined;
  }
}

const UPLOADING: Readonly<Record<Exclude<Speech, 'vault'>, (incoming: IncomingMessage, query: URLSearchParams) => UploadStep | undefined>> = {
  aws: ({ method }, query) => {
    if (method === 'POST' && query.has('uploads')) return 'open';
    if (method === 'PUT' && query.has('partNumber')) return 'write';
    return method === 'POST' && query.has('uploadId') ? 'commit' : undefined;
  },
  gcp: ({ method, headers }, query) => {
    if (method === 'POST' && query.get('uploadType') === 'resumable') return 'open';
    if (method !== 'PUT') return undefined;
    return headers['content-range']?.endsWith('/*') ? 'write' : 'commit';
  },
  azure: ({ method }, query) => {
    if (method !== 'PUT') return undefined;
    if (query.get('comp') === 'block') return 'write';
    return query.get('comp') === 'blocklist' ? 'commit' : undefined;
  },
};
