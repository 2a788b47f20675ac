# shellcheck shell=bash source-path=SCRIPTDIR
# Entry of a program: sources what every command needs and hands over to cmd_<command>, whose file is read only then.
# The launcher has set FILE_ROOT, PROGRAM and PROGRAM_KIND. The kind's own program.sh defines
#   command_file COMMAND   REPLY = the file (without cmd- and .sh) that defines cmd_COMMAND and help_COMMAND; fails for others
#   read_settings          the settings, if they are there
#   load_settings          the same, checked
#   program_leave          when the program ends

PROGRAM_DIR=$FILE_ROOT/lib/gantry/$PROGRAM_KIND
COMMON_DIR=$FILE_ROOT/lib/gantry/common

# shellcheck source=common.sh
. "$COMMON_DIR/common.sh"
# shellcheck source=project.sh
. "$COMMON_DIR/project.sh"
# shellcheck source=run-log.sh
. "$COMMON_DIR/run-log.sh"
# shellcheck source=/dev/null
. "$PROGRAM_DIR/program.sh"

main() {
  local command=${1:-help}
  [ $# -eq 0 ] || shift
  case $command in
    --help | -h) command=help ;;
    --version) command=version ;;
  esac
  command_file "$command" || die 2 "unknown command: $command" "see: $PROGRAM help"
  trap on_exit EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  trap 'exit 129' HUP
  load_command "$REPLY"
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
  . "$PROGRAM_DIR/cmd-$1.sh"
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
  trap - EXIT
  trap '' INT TERM HUP # a signal often comes to a program and, through it, to its children: the second must not cut this short
  run_end "$code"
  program_leave
  if [ -n "$TEMP_DIR" ]; then (rm -rf -- "$TEMP_DIR" >/dev/null 2>&1 &) fi # nobody waits for it
  exit "$code"
}
