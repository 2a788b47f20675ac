# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# The program of a cluster: its commands.

# shellcheck source=settings.sh
. "$PROGRAM_DIR/settings.sh"

# Commands that share a file are named in the first lines.
command_file() {
  case $1 in
    help | version) REPLY=help ;;
    build-image | import-image) REPLY=import-image ;;
    definitions | preflight | show) REPLY=$1 ;;
    *) return 1 ;;
  esac
}

program_leave() { :; }
