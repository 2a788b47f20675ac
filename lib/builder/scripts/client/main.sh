# shellcheck shell=bash source-path=SCRIPTDIR
# Entry of the program: sources what every command needs and hands over to cmd_<command>, whose file is read only then.
# The launcher has set FILE_ROOT and BUILDER_ID.

CLIENT_DIR=$FILE_ROOT/lib/gantry/client
HOST_DIR=$FILE_ROOT/lib/gantry/host

# shellcheck source=common.sh
. "$CLIENT_DIR/common.sh"
# shellcheck source=settings.sh
. "$CLIENT_DIR/settings.sh"
# shellcheck source=run-log.sh
. "$CLIENT_DIR/run-log.sh"
# shellcheck source=host.sh
. "$CLIENT_DIR/host.sh"

# Commands that share a file are named in the second column.
main() {
  local command=${1:-help} file
  [ $# -eq 0 ] || shift
  case $command in
    up | start | stop | down) file=power ;;
    status | setup | sync | build | loop | ssh | shell | attach | logs | prune | doctor | version | help) file=$command ;;
    --help | -h) command=help file=help ;;
    --version) command=version file=version ;;
    *)
      die 2 "unknown command: $command" "see: $BUILDER_ID help"
      ;;
  esac
  trap on_exit EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  trap 'exit 129' HUP
  load_command "$file"
  case " $* " in
    *' --help '* | *' -h '*)
      # Before anything is read or checked. What follows a bare -- is not ours.
      if wants_help "$@"; then
        read_settings
        load_command help
        show_help "$command"
        exit 0
      fi
      ;;
  esac
  case $command in
    help | version) read_settings ;;
    *) load_settings ;;
  esac
  run_begin "$command"
  "cmd_$command" "$@"
}

# load_command FILE: defines its cmd_… and help_… functions.
load_command() {
  # shellcheck source=/dev/null
  . "$CLIENT_DIR/cmd-$1.sh"
}

wants_help() {
  local word
  for word in "$@"; do
    case $word in
      --) return 1 ;;
      --help | -h) return 0 ;;
    esac
  done
  return 1
}

# Runs whichever way the program ends.
on_exit() {
  local code=$?
  trap - EXIT INT TERM HUP
  run_end "$code"
  host_leave
  if [ -n "$TEMP_DIR" ]; then (rm -rf -- "$TEMP_DIR" >/dev/null 2>&1 &) fi # nobody waits for it
  exit "$code"
}
