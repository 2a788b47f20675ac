# shellcheck shell=bash
# help and version, the same for every kind of program. The kind's cmd-help.sh defines
#   help_overview        prints what the program is for, and its commands
#   help_exit_codes      prints what they mean
#   help_topic WORD      optional: prints help on something that is no command; fails when it knows no such thing
#   version_facts        optional: prints `NAME VALUE`, a line each, of what else there is to know of its version

help_help() { say "Usage: $PROGRAM help [COMMAND]"; }

cmd_help() {
  while [ $# -gt 0 ]; do
    case $1 in
      -*) common_flag "$1" || bad_argument help "$1" ;;
      *)
        show_help "$1"
        return
        ;;
    esac
    shift
  done
  say "Usage: $PROGRAM COMMAND [OPTIONS]"
  say ''
  help_overview
  say ''
  help_exit_codes
}

# show_help COMMAND: all about one command.
show_help() {
  if [ "$(type -t help_topic)" = function ] && help_topic "$1"; then return; fi
  command_file "$1" || die 2 "unknown command: $1" "see: $PROGRAM help"
  load_command "$REPLY"
  "help_$1"
  say ''
  help_exit_codes
}

help_version() {
  cat <<TEXT
Usage: $PROGRAM version [--json]

Prints the content hash of the programs that run here, and the shell.
TEXT
}

cmd_version() {
  local hash name value words='' json=''
  while [ $# -gt 0 ]; do
    common_flag "$1" || bad_argument version "$1"
    shift
  done
  hash=$(cd -- "$FILE_ROOT/lib/gantry" && sha256 common/* "$PROGRAM_KIND"/* | sha256)
  hash=${hash:0:16}
  if [ "$(type -t version_facts)" = function ]; then
    while read -r name value; do
      words="$words, $name $value"
      json_string "$value" && json="$json,\"$name\":$REPLY"
    done < <(version_facts)
  fi
  if [ -n "$JSON" ]; then
    say "{\"program\":\"$PROGRAM\",\"kind\":\"$PROGRAM_KIND\",\"programs\":\"$hash\"$json,\"bash\":\"$BASH_VERSION\"}"
  else
    say "$PROGRAM, programs $hash$words, bash $BASH_VERSION"
  fi
}
