# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# The program of a builder: its commands.

HOST_DIR=$FILE_ROOT/lib/gantry/host

# shellcheck source=settings.sh
. "$PROGRAM_DIR/settings.sh"
# shellcheck source=host.sh
. "$PROGRAM_DIR/host.sh"

# Commands that share a file are named in the first line.
command_file() {
  case $1 in
    up | start | stop | down) REPLY=power ;;
    help | version) REPLY=help ;;
    status | setup | sync | build | loop | ssh | shell | attach | logs | prune | doctor) REPLY=$1 ;;
    *) return 1 ;;
  esac
}

program_leave() { host_leave; }
