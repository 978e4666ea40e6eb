import { toSnapshotError } from '../errors.ts';
import { parseCommand, parseVerb } from './arguments.ts';
import { runBootstrap } from './commands/bootstrap.ts';
import { runCheck } from './commands/check.ts';
import { runDaemon } from './commands/daemon.ts';
import { runDrill } from './commands/drill.ts';
import { runImport } from './commands/import.ts';
import { runInit } from './commands/init.ts';
import { runInspect } from './commands/inspect.ts';
import { runList } from './commands/list.ts';
import { runOnce } from './commands/once.ts';
import { runPrune } from './commands/prune.ts';
import { runRestore } from './commands/restore.ts';
import { runStatus } from './commands/status.ts';
import { runVerify } from './commands/verify.ts';
import { complain } from './complain.ts';
import { renderCompletion } from './completion/completion.ts';
import type { Command } from './grammar/verbs.ts';
import { renderOverview, renderVerb } from './help.ts';
import type { Host } from './host.ts';
import { translateScript } from './script-flags.ts';
import { VERSION } from './version.ts';

/** The whole program: what the command line asks for, and what the process exits with. Never rejects. */
export async function run(host: Host): Promise<number> {
  try {
    const { argv, notes } = translateScript(host.argv);
    for (const note of notes) host.err(`vault-snapshotd: ${note}\n`);
    return await dispatch(parseCommand(argv), host);
  } catch (thrown) {
    const error = toSnapshotError(thrown);
    complain(host, error);
    return error.exitCode;
  }
}

async function dispatch(command: Command, host: Host): Promise<number> {
  switch (command.verb) {
    case 'daemon':
      return command.flags.once ? runOnce(command, host) : runDaemon(command, host);
    case 'status':
      return runStatus(command, host);
    case 'check':
      return runCheck(command, host);
    case 'list':
      return runList(command, host);
    case 'inspect':
      return runInspect(command, host);
    case 'verify':
      return runVerify(command, host);
    case 'prune':
      return runPrune(command, host);
    case 'import':
      return runImport(command, host);
    case 'restore':
      return runRestore(command, host);
    case 'drill':
      return runDrill(command, host);
    case 'bootstrap':
      return runBootstrap(command, host);
    case 'init':
      return runInit(command, host);
    case 'completion':
      host.out(renderCompletion(command.args[0]));
      return 0;
    case 'help':
      host.out(command.args[0] === undefined ? renderOverview() : renderVerb(parseVerb(command.args[0])));
      return 0;
    case 'version':
      host.out(`vault-snapshotd ${VERSION}\n`);
      return 0;
  }
}
