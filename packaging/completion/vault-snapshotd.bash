# bash completion for vault-snapshotd
_vault_snapshotd() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} verb=daemon at
  if [[ $current == = ]]; then
    current=
  elif [[ $previous == = ]]; then
    previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((at = 1; at < COMP_CWORD; at++)); do
    case ${COMP_WORDS[at]} in
      --config | --env-file | --destination | --prefix-depth | --snapshot | --newest | --sample | --max-age | --max-deletes | --from | --out | --bucket | --to | --before | --file | --confirm | --lose | --cluster-id | --safety | --thaw-wait | --restore-timeout | --address | --peers | --source | --fallback | --if-no-snapshot | --ordinal | --lease | --wait | --state-dir | --data-dir | --level | --server-binary | --addr | --ca-cert | --auth | --token-path | --destination-kind | --place | --region | --endpoint | --frequency)
        ((at++))
        [[ ${COMP_WORDS[at]} == = ]] && ((at++))
        ;;
      daemon | status | check | list | inspect | verify | prune | import | restore | bootstrap | drill | init | completion | help | version)
        verb=${COMP_WORDS[at]}
        break
        ;;
    esac
  done
  COMPREPLY=()
  case "$verb $previous" in
    "daemon --config" | "daemon --env-file" | "status --config" | "status --env-file" | "check --config" | "check --env-file" | "list --config" | "list --env-file" | "inspect --config" | "inspect --env-file" | "verify --config" | "verify --env-file" | "prune --config" | "prune --env-file" | "import --out" | "restore --config" | "restore --env-file" | "restore --file" | "bootstrap --config" | "bootstrap --env-file" | "drill --config" | "drill --env-file" | "drill --file" | "drill --server-binary" | "init --ca-cert" | "init --token-path")
      compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return
      ;;
    "list --destination" | "inspect --destination" | "inspect --prefix-depth" | "verify --destination" | "verify --snapshot" | "verify --newest" | "verify --sample" | "verify --max-age" | "prune --destination" | "prune --max-deletes" | "restore --destination" | "restore --bucket" | "restore --to" | "restore --snapshot" | "restore --before" | "restore --confirm" | "restore --lose" | "restore --cluster-id" | "restore --safety" | "restore --thaw-wait" | "restore --restore-timeout" | "bootstrap --address" | "bootstrap --peers" | "bootstrap --source" | "bootstrap --destination" | "bootstrap --snapshot" | "bootstrap --fallback" | "bootstrap --ordinal" | "bootstrap --lease" | "bootstrap --wait" | "bootstrap --restore-timeout" | "drill --destination" | "drill --snapshot" | "drill --address" | "drill --max-age" | "drill --restore-timeout" | "init --addr" | "init --place" | "init --region" | "init --endpoint" | "init --frequency")
      :
      return
      ;;
    "import --from")
      mapfile -t COMPREPLY < <(compgen -W 'successor nbis consul enterprise' -- "$current")
      return
      ;;
    "bootstrap --if-no-snapshot")
      mapfile -t COMPREPLY < <(compgen -W 'fail initialise-nothing' -- "$current")
      return
      ;;
    "bootstrap --state-dir" | "bootstrap --data-dir" | "init --out")
      compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$current")
      return
      ;;
    "drill --level")
      mapfile -t COMPREPLY < <(compgen -W 'verified installed unsealed canary-read' -- "$current")
      return
      ;;
    "init --auth")
      mapfile -t COMPREPLY < <(compgen -W 'approle kubernetes token_file' -- "$current")
      return
      ;;
    "init --destination-kind")
      mapfile -t COMPREPLY < <(compgen -W 'local aws gcp azure' -- "$current")
      return
      ;;
  esac
  if [[ $current == -* ]]; then
    case $verb in
      daemon) mapfile -t COMPREPLY < <(compgen -W '--config --env-file --once --json --help' -- "$current") ;;
      status) mapfile -t COMPREPLY < <(compgen -W '--config --env-file --json --help' -- "$current") ;;
      check) mapfile -t COMPREPLY < <(compgen -W '--config --env-file --offline --json --help' -- "$current") ;;
      list) mapfile -t COMPREPLY < <(compgen -W '--config --env-file --destination --json --help' -- "$current") ;;
      inspect) mapfile -t COMPREPLY < <(compgen -W '--config --env-file --destination --prefix-depth --json --help' -- "$current") ;;
      verify) mapfile -t COMPREPLY < <(compgen -W '--config --env-file --destination --snapshot --all --newest --sample --max-age --thaw --no-record --json --help' -- "$current") ;;
      prune) mapfile -t COMPREPLY < <(compgen -W '--config --env-file --destination --dry-run --max-deletes --json --help' -- "$current") ;;
      import) mapfile -t COMPREPLY < <(compgen -W '--from --out --json --help' -- "$current") ;;
      restore) mapfile -t COMPREPLY < <(compgen -W '--config --env-file --destination --bucket --to --snapshot --before --file --confirm --lose --force --foreign --cluster-id --dry-run --safety --no-safety-snapshot --unseal --thaw --thaw-wait --check-canary --restore-timeout --json --help' -- "$current") ;;
      bootstrap) mapfile -t COMPREPLY < <(compgen -W '--config --env-file --address --peers --source --destination --snapshot --fallback --if-no-snapshot --ordinal --lease --wait --no-wait --thaw --restore-timeout --state-dir --clean --data-dir --dry-run --json --help' -- "$current") ;;
      drill) mapfile -t COMPREPLY < <(compgen -W '--config --env-file --destination --snapshot --file --level --server-binary --address --max-age --restore-timeout --thaw --write-canary --no-record --dry-run --json --help' -- "$current") ;;
      init) mapfile -t COMPREPLY < <(compgen -W '--addr --ca-cert --auth --token-path --destination-kind --place --region --endpoint --frequency --out --yes --force --help' -- "$current") ;;
      completion) mapfile -t COMPREPLY < <(compgen -W '--help' -- "$current") ;;
      help) mapfile -t COMPREPLY < <(compgen -W '--help' -- "$current") ;;
      version) mapfile -t COMPREPLY < <(compgen -W '--help' -- "$current") ;;
    esac
    return
  fi
  case $verb in
    daemon)
      compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current")
      mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W 'daemon status check list inspect verify prune import restore bootstrap drill init completion help version' -- "$current")
      ;;
    status) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    check) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    list) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    inspect) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    verify) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    prune) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    import) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    completion) mapfile -t COMPREPLY < <(compgen -W 'bash zsh fish' -- "$current") ;;
    help) mapfile -t COMPREPLY < <(compgen -W 'daemon status check list inspect verify prune import restore bootstrap drill init completion help version' -- "$current") ;;
  esac
}
complete -F _vault_snapshotd vault-snapshotd
