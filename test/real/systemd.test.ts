import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemdRoot } from '../servers/systemd-root.ts';
import { until } from '../servers/wait.ts';
// Builds the program if it is stale.
import '../system/program.ts';
import { ROOT } from '../unit/source-tree.ts';
import { NEEDED, UNIT, UNIT_FILES, UnitScene } from './systemd-scene.ts';

let scene: UnitScene;

beforeAll(async () => {
  // Apart from the rest: the first time it takes a minute or two.
  await systemdRoot();
}, 300_000);

beforeAll(async () => {
  scene = await UnitScene.boot();
});

afterAll(() => scene?.end());

describe('the unit under a booted systemd', () => {
  it('starts, reads its credential, takes a snapshot and says so', async () => {
    await scene.startAnew();
    expect(await scene.property('ActiveState')).toBe('active');
    expect(await scene.property('StatusText')).toMatch(/^took raft_snapshot-\d+\.snap; next look at \d{4}-/);
    expect(await scene.system.must('ls', '/srv/vault-snapshots')).toMatch(/raft_snapshot-\d+\.snap/);
  });

  it('is reloaded with a new configuration, and goes on with the old one when that is refused', async () => {
    await scene.startAnew();
    const pid = await scene.property('MainPID');
    await scene.configure({ local_storage: { path: '/srv/vault-snapshots/second' } });
    await scene.system.must('systemctl', 'reload', UNIT);
    await until('a snapshot at the new place', async () => (await scene.system.run('sh', '-c', 'ls /srv/vault-snapshots/second/*.snap')).code === 0);
    await scene.configure({ frequency: 'hourly' });
    const refused = await scene.system.run('systemctl', 'reload', UNIT);
    expect(refused.code).not.toBe(0);
    await scene.untilProperty('ActiveState', /^active$/);
    expect(await scene.property('MainPID')).toBe(pid);
    expect((await scene.journal()).some(({ MESSAGE }) => MESSAGE.includes('event=reload_refused'))).toBe(true);
  });

  it('lives longer than its watchdog waits, and is killed and started anew when it hangs', async () => {
    await scene.startAnew(['WatchdogSec=2s', 'RestartSec=100ms']);
    const pid = await scene.property('MainPID');
    const heard = async () => Number(await scene.property('WatchdogTimestampMonotonic'));
    const first = await heard();
    await until('the watchdog to hear of it for three of its periods', async () => (await heard()) - first > 6_000_000);
    expect(await scene.property('MainPID')).toBe(pid);
    expect(await scene.property('NRestarts')).toBe('0');
    await scene.system.must('sh', '-c', `kill -STOP ${pid}`);
    await scene.untilProperty('NRestarts', /^1$/);
    await scene.untilProperty('ActiveState', /^active$/);
    expect(await scene.property('MainPID')).not.toBe(pid);
  });

  it('stops inside its grace period, with nothing wrong', async () => {
    await scene.startAnew();
    await scene.system.must('systemctl', 'stop', UNIT);
    expect(await scene.property('Result')).toBe('success');
    expect(await scene.property('ExecMainStatus')).toBe('0');
    expect(await scene.property('ExecMainCode')).toBe('1');
  });

  it('is started anew after a crash', async () => {
    await scene.startAnew(['RestartSec=100ms']);
    const pid = await scene.property('MainPID');
    await scene.system.must('sh', '-c', `kill -KILL ${pid}`);
    await scene.untilProperty('NRestarts', /^1$/);
    await scene.untilProperty('ActiveState', /^active$/);
  });

  it('is not started anew with a configuration that is wrong', async () => {
    await scene.prepare(['RestartSec=100ms'], { frequency: 'hourly' });
    expect((await scene.system.run('systemctl', 'start', UNIT)).code).not.toBe(0);
    expect(await scene.property('ExecMainStatus')).toBe('78');
    expect(await scene.property('ActiveState')).toBe('failed');
    expect(await scene.property('NRestarts')).toBe('0');
  });

  it('is ready although Vault is sealed, or away', async () => {
    await scene.prepare();
    await scene.vault.seal();
    await scene.system.must('systemctl', 'start', UNIT);
    await scene.untilProperty('StatusText', /^no snapshot \(vault_sealed\)/);
    expect(await scene.property('ActiveState')).toBe('active');
    await scene.vault.unseal();
    await scene.prepare([], { addr: 'http://127.0.0.1:1' });
    await scene.system.must('systemctl', 'start', UNIT);
    await scene.untilProperty('StatusText', /^no snapshot \(vault_unreachable\)/);
    expect(await scene.property('ActiveState')).toBe('active');
  });
});

describe('its hardening', () => {
  it('is what systemd itself calls hardly exposed, in units without a fault', async () => {
    const verified = await scene.system.run('systemd-analyze', 'verify', ...UNIT_FILES);
    expect(verified).toEqual({ code: 0, stdout: '', stderr: '' });
    // In tenths: it fails above 1.5.
    for (const file of UNIT_FILES.slice(0, 2)) await scene.system.must('systemd-analyze', 'security', '--no-pager', '--offline=yes', '--threshold=15', file);
  });

  it('lets it write its destination and its state, and it writes nothing else', async () => {
    await scene.prepare();
    await scene.system.must('touch', '/run/marker');
    await scene.system.must('systemctl', 'start', UNIT);
    await scene.untilProperty('StatusText', /^took /);
    await scene.system.must('systemctl', 'stop', UNIT);
    // The others are what systemd itself makes: an empty /tmp of its own for the unit, its notes, and the journal.
    const own = ['/srv/vault-snapshots', '/var/lib/vault-snapshotd', '/tmp', '/var/tmp', '/var/lib/systemd', '/var/log/journal'];
    const others = own.flatMap((path) => ['-not', '-path', path, '-not', '-path', `${path}/*`]);
    expect(await scene.system.must('find', '/', '-xdev', '-newer', '/run/marker', ...others)).toBe('');
    expect(await scene.system.must('find', '/tmp', '/var/tmp', '-user', UNIT)).toBe('');
    expect(await scene.system.must('find', '/srv', '-xdev', '-newer', '/run/marker', '-name', '*.snap')).toMatch(/raft_snapshot-\d+\.snap\n$/);
  });

  it('keeps it from a destination that no drop-in names, whoever owns that', async () => {
    await scene.startAnew();
    await scene.configure({ local_storage: { path: '/srv/elsewhere' } });
    await scene.system.must('install', '-d', '-o', UNIT, '/srv/elsewhere');
    await scene.system.must('systemctl', 'reload', UNIT);
    await scene.untilProperty('StatusText', /^no snapshot \(storage_/);
    expect(await scene.system.must('ls', '/srv/elsewhere')).toBe('');
  });
});

describe('its lines in the journal', () => {
  it('have their priorities, and are found as the table of events says', async () => {
    await scene.startAnew();
    await scene.configure({ addr: 'http://127.0.0.1:1' });
    await scene.system.must('systemctl', 'reload', UNIT);
    await scene.untilProperty('StatusText', /^no snapshot/);
    const lines = await scene.journal();
    expect(lines.findLast(({ MESSAGE }) => MESSAGE.includes('event=round_done'))?.PRIORITY).toBe('6');
    expect(lines.findLast(({ MESSAGE }) => MESSAGE.includes('event=round_failed'))?.PRIORITY).toBe('3');
    expect(lines.filter(({ MESSAGE }) => /^<\d>/.test(MESSAGE))).toEqual([]);
    const recipes = [...readFileSync(join(ROOT, 'docs/events.md'), 'utf8').matchAll(/^journalctl (?!.*( -f | \| )).*$/gm)].map(([recipe]) => recipe);
    const found = await Promise.all(recipes.map((recipe) => scene.system.must('sh', '-c', `${recipe} --no-pager`)));
    const seen = found.map((text) => [/event=round_done/, /event=round_failed/].map((event) => event.test(text)));
    expect(seen).toEqual([
      [false, true],
      [false, true],
      [true, true],
      [false, false],
    ]);
    expect(found[3]).toContain('event=snapshot_delivered');
  });
});

describe('the unit for a timer', () => {
  it('takes one snapshot each time, and never beside the daemon', async () => {
    await scene.startAnew();
    await scene.dropIn(['[Service]', ...NEEDED], `${UNIT}-once.service`);
    await scene.dropIn(['[Timer]', 'OnCalendar=', 'OnActiveSec=0', 'RandomizedDelaySec=0'], `${UNIT}-once.timer`);
    const count = async () => Number(await scene.system.must('sh', '-c', 'ls /srv/vault-snapshots/*.snap | wc -l'));
    expect(await count()).toBe(1);
    await scene.system.must('systemctl', 'start', `${UNIT}-once.timer`);
    await until('the snapshot of the timer', async () => (await count()) === 2);
    expect(await scene.property('ActiveState')).toBe('inactive');
    const ended = async () => (await scene.system.must('systemctl', 'show', '--value', '--property', 'ActiveState,Result', `${UNIT}-once.service`)).trim();
    await until('the round to end well', async () => /^success\ninactive$|^inactive\nsuccess$/.test(await ended()));
  });
});
