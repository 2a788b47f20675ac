# shellcheck shell=bash source-path=SCRIPTDIR
# help: all commands, or one.

# shellcheck source=../../../core/scripts/help.sh
. "$COMMON_DIR/help.sh"

help_overview() {
  cat <<TEXT
The k3s cluster ${CLUSTER:-of the stack}, what runs on it, and the charts it takes.
${ENVIRONMENTS:+Environments: $ENVIRONMENTS
}
The cluster
  install              k3s on every node, as the stack says
  up                   start what is installed
  upgrade              another release of k3s, node by node
  uninstall            take k3s off the nodes
  kubeconfig           fetch the administrator's kubeconfig
  snapshot, restore    a snapshot of etcd, and the way back to one

What runs on it
  vendor               the charts, as the stack pins them
  show [ENVIRONMENT]   the objects of an environment, as YAML
  export DIRECTORY     the same as a directory of files
  ci                   what can be said of an environment before it is applied
  secrets              makes the Secrets that the stack names
  diff                 what apply would change
  apply                makes the cluster what the stack says
  definitions          the definitions (CRDs) of an environment alone, before all that is of them
  down                 removes what the environment made, and nothing else

Day by day
  status               what runs, and what waits in the queues
  logs NAME            what a service, workers or a chart printed
  enqueue FIELD=VALUE  adds a job to the queue of the workers
  scale WORKERS COUNT  how many workers run although nothing waits
  build-image IMAGE    an image of the stack, built here and brought to the nodes
  import-image IMAGE   an image of this machine, brought to the nodes
  preflight            whether the cluster, charts and ports are as a deployment needs them
  doctor               find what is wrong, with the remedy

  help [COMMAND]       this, or all options of a command
  version              what exactly is running

All take --dry-run (say what would be done), --json, --yes (no questions), --quiet and --help.
TEXT
}

help_exit_codes() {
  cat <<TEXT
Exit codes
    0  done, or nothing to do
    1  doctor found something; or a program that is needed is missing
    2  usage or settings; a program that is needed is missing
   65  a step failed on a node; charts that are not what the stack pins, or objects that do not render
   66  a Secret, or a value for one, is missing
   69  the cluster, a node or the network does not answer
   75  another run is at work
   77  it wants a --yes
  130  interrupted
TEXT
}
