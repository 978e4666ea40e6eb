import { SnapshotError } from '../../errors.ts';
import type { Flag } from '../grammar/flag.ts';
import { DEFAULT_OUT, INIT } from '../grammar/init.ts';
import type { Asked } from '../grammar/verbs.ts';
import type { Host } from '../host.ts';
import { STATE_DIRECTORY, type Wishes } from './plan.ts';

type InitFlags = Asked<'init'>['flags'];
type Askable = { [Name in keyof InitFlags]: InitFlags[Name] extends boolean ? never : Name }[keyof InitFlags];

/** Each thing from its flag, else from the person at the terminal, else as it is by default. */
export async function interview(flags: InitFlags, host: Host, signal: AbortSignal): Promise<Wishes> {
  const isAsking = host.isStdinTerminal && !flags.yes;
  const ask = async <Name extends Askable>(name: Name, question: string, otherwise: InitFlags[Name]): Promise<NonNullable<InitFlags[Name]>> => {
    const given = flags[name] ?? (isAsking ? await askPerson(INIT.flags[name] as Flag<InitFlags[Name]>, question, otherwise, host, signal) : otherwise);
    if (given === undefined) throw new SnapshotError('usage', `--${name} is missing: ${INIT.flags[name].doc}`);
    return given as NonNullable<InitFlags[Name]>;
  };
  const addr = await ask('addr', 'Address of the Vault on this host', 'https://127.0.0.1:8200');
  const auth = await ask('auth', 'Way to log in (approle, kubernetes, token_file)', 'approle');
  const login: Wishes['login'] =
    auth === 'token_file' ? { kind: auth, path: await ask('token-path', 'File with the token', '/run/vault-agent/token') } : { kind: auth };
  const destination = await askDestination(ask, flags);
  const frequency = await ask('frequency', 'Time from one snapshot to the next', '1h');
  return { addr, caCert: flags['ca-cert'], login, destination, frequency, out: flags.out ?? DEFAULT_OUT };
}

type Ask = <Name extends Askable>(name: Name, question: string, otherwise: InitFlags[Name]) => Promise<NonNullable<InitFlags[Name]>>;

async function askDestination(ask: Ask, { region, endpoint }: InitFlags): Promise<Wishes['destination']> {
  const kind = await ask('destination-kind', 'Kind of destination (local, aws, gcp, azure)', 'local');
  if (kind === 'local') return { kind, path: await ask('place', 'Directory of the snapshots', `${STATE_DIRECTORY}/snapshots`) };
  if (kind === 'gcp') return { kind, bucket: await ask('place', 'Bucket', undefined) };
  if (kind === 'aws') {
    const bucket = await ask('place', 'Bucket', undefined);
    return { kind, bucket, region: region ?? (endpoint === undefined ? await ask('region', 'Region of the bucket', 'us-east-1') : undefined), endpoint };
  }
  const place = await ask('place', 'ACCOUNT/CONTAINER', undefined);
  const [account = '', container = '', ...rest] = place.split('/');
  if (account === '' || container === '' || rest.length > 0)
    throw new SnapshotError('usage', `--place: must be ACCOUNT/CONTAINER for azure, got ${JSON.stringify(place)}`);
  return { kind, account, container };
}

/** Until the answer is one that the flag would take. */
async function askPerson<Value>(
  flag: Flag<Value>,
  question: string,
  otherwise: Value | undefined,
  host: Pick<Host, 'err' | 'readLine'>,
  signal: AbortSignal,
): Promise<Value | undefined> {
  for (;;) {
    host.err(`${question}${otherwise === undefined ? '' : ` [${otherwise}]`}: `);
    const line = await host.readLine(signal);
    if (line === undefined) throw new SnapshotError('usage', 'the answers ended before the questions: give flags, or --yes');
    const answer = line.trim();
    if (answer === '' && otherwise !== undefined) return otherwise;
    const value = flag.read(answer);
    if (value !== undefined && answer !== '') return value;
    host.err(`  must be ${flag.rule}\n`);
  }
}
