# shellcheck shell=bash source-path=SCRIPTDIR
# help: all commands, or one.

# shellcheck source=../../../core/scripts/help.sh
. "$COMMON_DIR/help.sh"

help_overview() {
  cat <<TEXT
The k3s cluster${CLUSTER:+ $CLUSTER}.

  install            k3s on every node, as the stack says
  up                 start what is installed
  upgrade            another release of k3s, node by node
  uninstall          take k3s off the nodes
  kubeconfig         fetch the administrator's kubeconfig
  snapshot           take a snapshot of etcd, or list them
  restore            the way back to a snapshot

  help [COMMAND]     this, or all options of a command
  version            what exactly is running

All take --dry-run (say what would be done), --json, --yes (no questions), --quiet and --help.
TEXT
}

help_exit_codes() {
  cat <<TEXT
Exit codes
    0  done, or nothing to do
    2  usage or settings; a program that is needed is missing
   65  a step failed on a node
   69  a node does not answer
   75  another run is at work
   77  it wants a --yes
  130  interrupted
TEXT
}
