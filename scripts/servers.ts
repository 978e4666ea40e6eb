import { spawnSync } from 'node:child_process';
import { builtServer, SERVERS } from '../test/servers/binaries.ts';
import { buildServer } from '../test/servers/build.ts';

const EX_UNAVAILABLE = 69;

/** Builds what is missing and prints where the servers are, as JSON and nothing else on stdout. */
async function main(): Promise<number> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const paths: Record<string, string> = {};
  for (const source of SERVERS) {
    const found = await builtServer(source);
    if (found === undefined && spawnSync('go', ['version']).status !== 0) {
      console.error(`${source.name} is not built yet and Go is not on the PATH: install Go (https://go.dev/dl) and run "npm run servers" again`);
      return EX_UNAVAILABLE;
    }
    paths[source.name] = found ?? (await buildServer(source, console.error, stop.signal));
  }
  console.log(JSON.stringify(paths));
  return 0;
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  return 1;
});
