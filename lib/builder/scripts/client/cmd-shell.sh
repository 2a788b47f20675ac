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
    shell_ended "$code"
  fi
  if would "a login shell on the builder"; then return; fi
  # Here too: a shell that was left with 255 must not open again.
  shell_reach
  # shellcheck disable=SC2016 # expanded on the host
  kind_attempt -t 'exec "${SHELL:-/bin/bash}" -l' || code=$?
  shell_ended "$code"
}

# shell_reach: ends the program when the host cannot be reached. Only on a terminal may ssh ask for the passphrase of a key.
shell_reach() {
  local code=0 fault
  host_try : </dev/null || code=$?
  [ "$code" -eq 255 ] || return 0
  fault=$HOST_FAULT
  if [ "${SSH_REASON:-}" = denied ] && [ -t 0 ]; then
    if kind_attempt -t :; then return; fi
    HOST_FAULT=$fault SSH_REASON=denied
  fi
  host_unreachable
}

shell_ended() { # EXIT
  [ "$1" -ne 255 ] || [ "$HOST_KIND" = local ] || warn "exit 255: from the command, or the connection was cut off"
  exit "$1"
}
