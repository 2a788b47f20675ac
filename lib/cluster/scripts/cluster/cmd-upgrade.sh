# shellcheck shell=bash source-path=SCRIPTDIR
# upgrade: another release of k3s, node by node.

# shellcheck source=nodes.sh
. "$PROGRAM_DIR/nodes.sh"

help_upgrade() {
  cat <<TEXT
Usage: $PROGRAM upgrade [--no-drain] [--dry-run]
       $PROGRAM upgrade --controller

Brings every node to the release the stack says, $K3S_VERSION: servers one by one, then agents, each emptied before and taken back
after. etcd gets a snapshot first. A minor of Kubernetes cannot be left out.

  --no-drain     leave the pods where they are; they run on while k3s is restarted
  --controller   hand the work to Rancher's system-upgrade-controller in the cluster, by $INFRA_DIR/k3s/upgrade-plan.yaml;
                 it takes its images by tag, not by sha256
TEXT
}

cmd_upgrade() {
  local i drain=1 controller=''
  while [ $# -gt 0 ]; do
    case $1 in
      --no-drain) drain='' ;;
      --controller) controller=1 ;;
      *) common_flag "$1" || bad_argument upgrade "$1" ;;
    esac
    shift
  done
  if [ "$TARGET" = k3d ]; then
    die 2 "the k3s of $CLUSTER is the image of its containers" "make it anew: $PROGRAM uninstall --yes && $PROGRAM up"
  fi
  nodes_setup
  if [ -n "$controller" ]; then
    upgrade_by_controller
    return
  fi
  join_address
  [ "$NODE_COUNT" -gt 1 ] || drain=''
  for ((i = 1; i <= NODE_COUNT; i++)); do
    load_node "$i"
    if [ -n "$drain" ] && ! up_to_date "$NODE"; then upgrade_emptied "$i"; else install_node "$i"; fi
  done
  if [ -z "$DRY_RUN" ]; then announce "$CLUSTER: k3s $K3S_VERSION on $NODE_COUNT node(s)"; fi
}

# up_to_date NODE: whether it runs the release of the stack already.
up_to_date() {
  [ "$(kube get node "$1" -o 'jsonpath={.status.nodeInfo.kubeletVersion}' </dev/null 2>/dev/null)" = "$K3S_VERSION" ]
}

upgrade_emptied() {
  local node=$NODE
  if ! would kubectl drain "$node"; then
    kube drain "$node" --ignore-daemonsets --delete-emptydir-data --timeout=300s </dev/null >&2 || {
      kube uncordon "$node" </dev/null >&2 || :
      die 65 "$node cannot be emptied; it was not changed" "see above: a disruption budget may hold a pod there; or: $PROGRAM upgrade --no-drain"
    }
  fi
  install_node "$1"
  if would kubectl uncordon "$node"; then return; fi
  kube wait --for=condition=Ready "node/$node" --timeout=300s </dev/null >&2 || die 65 "$node is not ready; the nodes after it were not changed" "see: kubectl describe node $node"
  kube uncordon "$node" </dev/null >&2 || die 65 "$node takes no pods" "kubectl uncordon $node"
}

upgrade_by_controller() {
  local file=$FILE_ROOT/$INFRA_DIR/k3s/upgrade-plan.yaml
  kube get crd plans.upgrade.cattle.io </dev/null >/dev/null 2>&1 || die 2 "the system-upgrade-controller is not in $CLUSTER" \
    "put it there as its documentation says, or leave --controller out"
  if would kubectl apply -f "$file"; then return; fi
  kube apply -f - <"$file" >&2 || die 65 "the plans were not taken" "see above"
  announce "$CLUSTER: the controller takes the nodes to $K3S_VERSION; see: kubectl -n system-upgrade get plans,jobs"
}
