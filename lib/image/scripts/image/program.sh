# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# The program `image`: its commands.

# shellcheck source=settings.sh
. "$PROGRAM_DIR/settings.sh"
# shellcheck source=builder.sh
. "$PROGRAM_DIR/builder.sh"

# What people export where nobody can be asked.
if [ "${FORCE:-}" = 1 ]; then YES=1; fi

# Commands that share a file are named in the first lines.
command_file() {
  case $1 in
    help | version) REPLY=help ;;
    build | publish | verify | promote | release | gc | status | inspect | clear | cycle | history | doctor) REPLY=$1 ;;
    *) return 1 ;;
  esac
}

program_leave() { :; }
