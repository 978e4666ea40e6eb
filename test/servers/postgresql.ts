import { execFile } from 'node:child_process';
import { chown, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ServerChild } from './child.ts';
import { freePorts } from './ports.ts';
import { until } from './wait.ts';

const run = promisify(execFile);
const VERSIONS = '/usr/lib/postgresql';

export interface PostgreSql {
  readonly port: number;
  readonly password: string;
  /** Whether this one may log in. */
  canLogIn(user: string, password: string): Promise<boolean>;
  stop(): Promise<void>;
}

/** The database of the distribution, on loopback, in a directory of its own. It refuses root, so root starts it as nobody. */
export async function startPostgreSql(): Promise<PostgreSql> {
  const [newest] = (await readdir(VERSIONS)).sort((a, b) => Number(b) - Number(a));
  const bin = join(VERSIONS, newest ?? '', 'bin');
  const [port = 0] = await freePorts('127.0.0.1', 1);
  const dir = await mkdtemp(join(tmpdir(), 'postgresql-'));
  const [password, passwordFile, data] = ['root-of-the-database', join(dir, 'password'), join(dir, 'data')];
  await writeFile(passwordFile, password);
  const asNobody = process.getuid?.() === 0 ? ['--reuid=65534', '--regid=65534', '--clear-groups', '--'] : ['--'];
  if (asNobody.length > 1) await Promise.all([chown(dir, 65534, 65534), chown(passwordFile, 65534, 65534)]);
  const init = ['-D', data, '-U', 'postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`, '--no-sync', '--no-locale'];
  await run('setpriv', [...asNobody, join(bin, 'initdb'), ...init], { cwd: dir });
  const serve = ['-D', data, '-p', String(port), '-k', dir, '-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off'];
  const log = join(dir, 'log');
  const child = await ServerChild.start('setpriv', [...asNobody, '/usr/bin/env', '-C', dir, join(bin, 'postgres'), ...serve], log);
  const canLogIn = async (user: string, secret: string) => {
    const ask = ['-h', '127.0.0.1', '-p', String(port), '-U', user, '-d', 'postgres', '-wtAc', 'select 1'];
    try {
      await run(join(bin, 'psql'), ask, { env: { PGPASSWORD: secret, PATH: '/usr/bin:/bin' } });
      return true;
    } catch (error) {
      if (error instanceof Error && /authentication failed|does not exist|starting up|refused/.test(error.message)) return false;
      throw error;
    }
  };
  await until(`PostgreSQL to answer, see ${log}`, async () => !child.isRunning || (await canLogIn('postgres', password)));
  if (!child.isRunning) throw new Error(`PostgreSQL has ended, see ${log}`);
  return {
    port,
    password,
    canLogIn,
    stop: async () => {
      await child.kill();
      await rm(dir, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}
