# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# The program of a DevStack: its commands.

# shellcheck source=settings.sh
. "$PROGRAM_DIR/settings.sh"
# shellcheck source=engine.sh
. "$PROGRAM_DIR/engine.sh"

# Commands that share a file are named in the first lines.
command_file() {
  case $1 in
    stats | df) REPLY=usage ;;
    backup | restore) REPLY=backup ;;
    help | version) REPLY=help ;;
    fast | clean | local | full | build | setup | stop | status | logs | volumes | doctor) REPLY=$1 ;;
    *) return 1 ;;
  esac
}

program_leave() { engine_leave; }
