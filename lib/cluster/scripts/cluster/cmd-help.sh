# shellcheck shell=bash source-path=SCRIPTDIR
# help: all commands, or one.

# shellcheck source=../../../core/scripts/help.sh
. "$COMMON_DIR/help.sh"

help_overview() {
  cat <<TEXT
The k3s cluster ${CLUSTER:-of the stack}, what runs on it, and the charts it takes.
${ENVIRONMENTS:+Environments: $ENVIRONMENTS
}
  show [ENVIRONMENT]     the objects of an environment, as YAML
  preflight              whether the cluster, charts and ports are as a deployment needs them
  definitions            the definitions (CRDs) of an environment, applied first

  build-image IMAGE      an image of the stack, built here and brought to the nodes
  import-image IMAGE     an image of this machine, brought to the nodes

  help [COMMAND]         this, or all options of a command
  version                what exactly is running

All take --dry-run (say what would be done), --json, --yes (no questions), --quiet and --help.
TEXT
}

help_exit_codes() {
  cat <<TEXT
Exit codes
    0  done, or nothing to do
    1  doctor found something; or a program that is needed is missing
    2  usage or settings
   65  charts that are not what the stack pins, or objects that do not render
   69  the cluster or the network does not answer
   75  another run is at work
   77  it wants a --yes
  130  interrupted
TEXT
}
