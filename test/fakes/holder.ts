import process from 'node:process';
import { setInterval } from 'node:timers';
import { LocalSpoolDirectory } from '../../src/spool/directory.ts';
import { objectKey } from '../../src/storage/key.ts';
import { LocalStorage } from '../../src/storage/local/storage.ts';

const [what, path = ''] = process.argv.slice(2);
const witness = { owner: { host: 'vault-0', pid: process.pid, startedMs: performance.timeOrigin }, isAlive: () => true, now: () => new Date() };
const bytes = Buffer.alloc(100_000, 'secret');

if (what === 'spool') {
  const spool = await new LocalSpoolDirectory(path, witness).open();
  await spool.append(bytes);
} else {
  const storage = new LocalStorage({ name: 'disk', path, ...witness });
  const pending = await storage.open(objectKey('snapshots/one.snap'), { size: bytes.length }, new AbortController().signal);
  await pending.write(bytes);
}
process.stdout.write('holding\n');
setInterval(() => undefined, 60_000);
