import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CountingProxy } from '../../bench/counting-proxy.ts';
import { type Figures, merge, type Run, ratioToCurl, ratioToLeastCpu, type SizeFigures, spreadOf, type WayName } from '../../bench/figures.ts';
import { renderPage, withFigures } from '../../bench/page.ts';
import { renderPicture } from '../../bench/picture.ts';
import { ROOT } from './source-tree.ts';

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

describe('the measured figures', () => {
  const figures = JSON.parse(read('bench/results/bench.json')) as Figures;

  it('are those of the page and of the picture', () => {
    expect(read('bench/results/bench.md')).toBe(renderPage(figures));
    expect(read('bench/results/bench.svg')).toBe(renderPicture(figures));
  });

  it('are those the README quotes', () => {
    const readme = read('README.md');
    expect(readme).toContain('| `vault-snapshotd --once` to S3 |');
    expect(withFigures(readme, figures)).toBe(readme);
  });

  it('stay below the memory that would be a fault, in every single run', () => {
    const ours = figures.sizes.flatMap(({ ways }) => ways.filter(({ name }) => ['local', 's3', 'four'].includes(name)).flatMap(({ runs }) => runs));
    expect(ours.filter(({ peakMb }) => peakMb > 200)).toEqual([]);
  });

  it('need a place in the README', () => {
    expect(() => withFigures('# a page without marks', figures)).toThrow('the README has no place for the figures');
  });
});

describe('what is made of the runs', () => {
  it.each([
    { values: [3], spread: { median: 3, least: 3, most: 3 } },
    { values: [5, 1], spread: { median: 3, least: 1, most: 5 } },
    { values: [9, 1, 2], spread: { median: 2, least: 1, most: 9 } },
  ])('has the middle and the ends of $values', ({ values, spread }) => {
    expect(spreadOf(values)).toEqual(spread);
  });

  it('compares with curl in the same turn, not with the median of all', () => {
    const size = sizeOf(10, { curl: [{ wallSeconds: 1 }, { wallSeconds: 10 }], s3: [{ wallSeconds: 2 }, { wallSeconds: 10 }] });
    expect(ratioToCurl(size, 's3', 'wallSeconds')).toEqual({ median: 1.5, least: 1, most: 2 });
  });

  it('holds CPU against twice curl and a pass of each check', () => {
    const size = sizeOf(10, { curl: [{ cpuSeconds: 1 }], sha256sum: [{ cpuSeconds: 0.5 }], gunzip: [{ cpuSeconds: 1.5 }], s3: [{ cpuSeconds: 6 }] });
    expect(ratioToLeastCpu(size, 's3').median).toBe(1.5);
  });

  it('keeps the sizes and parts that were not measured again', () => {
    const machine = { processor: 'p', processors: 2, memoryGb: 1, node: '24.0.0', versions: [] };
    const retention = [{ snapshots: 1, bytesForEach: 1, seconds: 1, manifestsRead: 1, manifestsReadAgain: 0 }];
    const before = { machine, sizes: [sizeOf(10, {}), sizeOf(2_000, {})], retention };
    const again = { ...sizeOf(10, {}), snapshotMb: 11 };
    const merged = merge(before, { machine, sizes: [again, sizeOf(280, {})] });
    expect(merged.sizes).toEqual([again, sizeOf(280, {}), sizeOf(2_000, {})]);
    expect(merged.retention).toEqual(retention);
  });
});

describe('the proxy that counts', () => {
  it('counts all that passes, and as the snapshot only what answers to the request for it', async () => {
    const answers: Readonly<Record<string, string>> = { '/v1/sys/storage/raft/snapshot': 'x'.repeat(100_000), '/v1/sys/leader': 'y'.repeat(5_000) };
    const server = createServer((asked, answer) => answer.end(answers[asked.url ?? '']));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = await CountingProxy.start(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(async () => {
      agent.destroy();
      await proxy.stop();
      await new Promise((closed) => server.close(closed));
    });

    await bodyOf(`${proxy.address}/v1/sys/storage/raft/snapshot`, agent);
    const { snapshotBytes, snapshotMs } = proxy;
    await bodyOf(`${proxy.address}/v1/sys/leader`, agent);

    expect(snapshotBytes).toBeGreaterThan(100_000);
    expect(snapshotBytes).toBeLessThan(101_000);
    expect(snapshotMs).toBeGreaterThan(0);
    expect(proxy).toMatchObject({ snapshotBytes, snapshotMs });
    expect(proxy.toClientBytes).toBeGreaterThan(105_000);
    expect(proxy.toServerBytes).toBeLessThan(1_000);
    proxy.reset();
    expect(proxy).toMatchObject({ snapshotBytes: 0, snapshotMs: 0, toClientBytes: 0, toServerBytes: 0 });
  });
});

async function bodyOf(url: string, agent: Agent): Promise<void> {
  const [answer] = await once(request(url, { agent }).end(), 'response');
  answer.resume();
  await once(answer, 'end');
}

function sizeOf(megabytes: number, ways: Readonly<Partial<Record<WayName, readonly Partial<Run>[]>>>): SizeFigures {
  const none = { wallSeconds: 0, vaultSeconds: 0, peakMb: 0, cpuSeconds: 0, fromVaultMb: 0, storesMb: 0, load: 0 };
  const figures = Object.entries(ways).map(([name, runs]) => ({ name: name as WayName, runs: runs.map((run) => ({ ...none, ...run })) }));
  return { megabytes, snapshotMb: megabytes, measuredOn: '2026-01-01', ways: figures, seals: [] };
}
