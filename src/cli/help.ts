import { DEFAULT_CONFIG_PATH } from './arguments.ts';

export const HELP = `vault-snapshotd: proved raft snapshots of Vault and OpenBao

usage
  vault-snapshotd [--config FILE] [--env-file FILE]                 run as a daemon
  vault-snapshotd --once [--config FILE] [--json]                   take one snapshot now, if this host leads
  vault-snapshotd check [--config FILE] [--offline] [--json]        show the configuration in effect and ask Vault
  vault-snapshotd list [--config FILE] [--destination NAME]         show the snapshots of all destinations, and gaps
                       [--json]
  vault-snapshotd inspect [ARCHIVE [ARCHIVE]] [--prefix-depth N]    show what a snapshot holds, or how two differ
                          [--config FILE] [--destination NAME] [--json]
  vault-snapshotd verify ARCHIVE [--json]                           prove a file whole
  vault-snapshotd verify [--config FILE] [--destination NAME]       read stored snapshots back and prove them again
                         [--snapshot NAME | --all | --newest N | --sample PCT]
                         [--max-age D] [--no-record] [--json]
  vault-snapshotd prune [--config FILE] [--destination NAME]        delete what "retain" keeps no longer
                        [--dry-run] [--max-deletes N] [--json]
  vault-snapshotd help | version

flags
  --config FILE     default ${DEFAULT_CONFIG_PATH}; a bare first argument is taken as FILE too
  --env-file FILE   variables for what the environment leaves out
  --once            one round: exit 0 taken or standby, 3 some destinations missed, 1 or the cause's code failed
  --json            the report on stdout as one JSON object; log lines stay on stderr
  --offline         check only reads the configuration: exit 0 or 78
  --destination     list, inspect, verify, prune: only there
  --prefix-depth    inspect counts by so many parts of a key, 2 if not told; 0 is every key
  --snapshot        verify only the one of this name; "latest", the newest proved one, if nothing is said
  --all             verify every snapshot
  --newest          verify so many, the newest
  --sample          verify so many of a hundred, drawn by chance, but at least one
  --max-age         verify exits 4 when the newest is older, such as 26h or 8d
  --no-record       verify writes nothing
  --dry-run         prune deletes nothing and shows each snapshot with its reasons
  --max-deletes     prune deletes at most so many at each destination, instead of "max_deletes"; 0 is any number

An ARCHIVE is the path of a file, which needs no configuration; the name of a snapshot at a destination; or "latest".

signals
  SIGTERM, SIGINT   end, after the round in progress if it can within "stop_grace"; a second one ends at once
  SIGHUP            read the configuration again; a bad one is refused and the old one goes on
  SIGUSR1           take a snapshot now
`;
