# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion of ebpfctl for bash.

_ebpfctl ()
{
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} words=

  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W 'inspect link load loader run btf plugins version help --help --version' -- "$current"))
    return
  fi

  case ${COMP_WORDS[1]}:$previous in
    load:--pin-path)
      COMPREPLY=($(compgen -d -- "$current"))
      return ;;
    btf:-f|btf:--format)
      COMPREPLY=($(compgen -W 'c json raw' -- "$current"))
      return ;;
    btf:-t|btf:--type)
      return ;;
    btf:-o|btf:--output|link:-o|link:--output|loader:-o|loader:--output)
      compopt -o filenames 2> /dev/null
      COMPREPLY=($(compgen -f -- "$current"))
      return ;;
    load:--program|load:--max-entries|run:--for)
      return ;;
    help:*)
      COMPREPLY=($(compgen -W 'inspect link load loader run btf plugins version' -- "$current"))
      return ;;
  esac

  case ${COMP_WORDS[1]} in
    inspect) words='--json --help' ;;
    link) words='--output --json --help' ;;
    load) words='--json --log --program --max-entries --pin-path --help' ;;
    loader) words='--output --hash --json --help' ;;
    run) words='--for --json --help example:exec' ;;
    btf)
      case $COMP_CWORD:${COMP_WORDS[2]} in
        2:*) words='dump minimize distill --help' ;;
        *:dump) words='--format --type --base --plain --help /sys/kernel/btf/vmlinux' ;;
        *:distill) words='--output --base --json --help /sys/kernel/btf/vmlinux' ;;
        *) words='--output --json --help' ;;
      esac ;;
    plugins) words='--json --help' ;;
    *) return ;;
  esac

  compopt -o filenames 2> /dev/null
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [[ $current != -* && ${COMP_WORDS[1]} != plugins ]]; then
    COMPREPLY+=($(compgen -d -- "$current") $(compgen -f -X '!*.o' -- "$current"))
  fi
}

complete -F _ebpfctl ebpfctl
