# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# The program of a cluster: its commands.

# shellcheck source=settings.sh
. "$PROGRAM_DIR/settings.sh"

# Commands that share a file are named in the first lines.
command_file() {
  case $1 in
    help | version) REPLY=help ;;
    snapshot | restore) REPLY=snapshot ;;
    build-image | import-image) REPLY=import-image ;;
    install | up | uninstall | upgrade | kubeconfig) REPLY=$1 ;;
    vendor | show | export | ci | diff | apply | down) REPLY=$1 ;;
    secrets | status | logs | enqueue | scale | preflight | definitions | doctor) REPLY=$1 ;;
    *) return 1 ;;
  esac
}

# What a command has to clean up, it says itself.
program_leave() { if [ "$(type -t charts_leave)" = function ]; then charts_leave; fi; }
