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
      --config | --env-file | --destination | --prefix-depth | --snapshot | --newest | --sample | --max-age | --max-deletes)
        ((at++))
        [[ ${COMP_WORDS[at]} == = ]] && ((at++))
        ;;
      daemon | status | check | list | inspect | verify | prune | completion | help | version)
        verb=${COMP_WORDS[at]}
        break
        ;;
    esac
  done
  COMPREPLY=()
  case "$verb $previous" in
    "daemon --config" | "daemon --env-file" | "status --config" | "status --env-file" | "check --config" | "check --env-file" | "list --config" | "list --env-file" | "inspect --config" | "inspect --env-file" | "verify --config" | "verify --env-file" | "prune --config" | "prune --env-file")
      compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return
      ;;
    "list --destination" | "inspect --destination" | "inspect --prefix-depth" | "verify --destination" | "verify --snapshot" | "verify --newest" | "verify --sample" | "verify --max-age" | "prune --destination" | "prune --max-deletes")
      :
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
      verify) mapfile -t COMPREPLY < <(compgen -W '--config --env-file --destination --snapshot --all --newest --sample --max-age --no-record --json --help' -- "$current") ;;
      prune) mapfile -t COMPREPLY < <(compgen -W '--config --env-file --destination --dry-run --max-deletes --json --help' -- "$current") ;;
      completion) mapfile -t COMPREPLY < <(compgen -W '--help' -- "$current") ;;
      help) mapfile -t COMPREPLY < <(compgen -W '--help' -- "$current") ;;
      version) mapfile -t COMPREPLY < <(compgen -W '--help' -- "$current") ;;
    esac
    return
  fi
  case $verb in
    daemon)
      compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current")
      mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W 'daemon status check list inspect verify prune completion help version' -- "$current")
      ;;
    status) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    check) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    list) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    inspect) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    verify) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    prune) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    completion) mapfile -t COMPREPLY < <(compgen -W 'bash zsh fish' -- "$current") ;;
    help) mapfile -t COMPREPLY < <(compgen -W 'daemon status check list inspect verify prune completion help version' -- "$current") ;;
  esac
}
complete -F _vault_snapshotd vault-snapshotd
