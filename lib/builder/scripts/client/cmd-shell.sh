# shellcheck shell=bash
# shell: a login shell on the builder, or one command.

help_shell() {
  cat <<TEXT
Usage: $PROGRAM shell [-- COMMAND…]

Opens a plain login shell on the builder, or runs a command there and exits with its code. Nothing keeps the shell alive when
the network drops; '$PROGRAM ssh' does. A key with a passphrase may be asked for it here.
TEXT
}

cmd_shell() {
  while [ $# -gt 0 ]; do
    case $1 in
      --)
        shift
        break
        ;;
      -*) common_flag "$1" || bad_argument shell "$1" ;;
      *) bad_argument shell "$1" ;;
    esac
    shift
  done
  local code=0 line=''
  if [ $# -gt 0 ]; then
    quote "$@"
    line=$REPLY
    if would "$line"; then return; fi
    # Whether the host answers is found out first: the command itself must not run twice when it is cut off.
    on_host : </dev/null
    local tty=''
    if [ -t 0 ] && [ -t 1 ]; then tty=-t; fi
    kind_attempt "$tty" "$line" || code=$?
    [ "$code" -ne 255 ] || [ "$HOST_KIND" = local ] || warn "exit 255: from the command, or the connection was cut off"
    exit "$code"
  fi
  if would "a login shell on the builder"; then return; fi
  # shellcheck disable=SC2016 # expanded on the host
  on_host -t 'exec "${SHELL:-/bin/bash}" -l' || code=$?
  exit "$code"
}
