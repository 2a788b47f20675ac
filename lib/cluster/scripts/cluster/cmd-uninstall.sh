# shellcheck shell=bash source-path=SCRIPTDIR
# uninstall: takes k3s off the nodes, or off one.

# shellcheck source=nodes.sh
. "$PROGRAM_DIR/nodes.sh"

help_uninstall() {
  cat <<TEXT
Usage: $PROGRAM uninstall [NODE] [--purge] --yes

Takes k3s off every node: agents first, then the servers that joined, the first server last. The last snapshot, the token and the
volumes stay on the nodes, in /var/lib/gantry-k3s/kept. With NODE: empties that node, takes it out of the cluster, and k3s off it.

  --purge     keep nothing
  --dry-run   say what would be done on each node
TEXT
}

cmd_uninstall() {
  local i wanted='' purge=''
  while [ $# -gt 0 ]; do
    case $1 in
      --purge) purge=1 ;;
      -*) common_flag "$1" || bad_argument uninstall "$1" ;;
      *)
        [ -z "$wanted" ] || bad_argument uninstall "$1"
        wanted=$1
        ;;
    esac
    shift
  done
  if [ "$TARGET" = k3d ]; then
    if would k3d cluster delete "$CLUSTER"; then return; fi
    confirmed "the cluster $CLUSTER, with all that is in it, is deleted" || die 77 "nothing was changed"
    has k3d || die 2 "k3d is not on PATH" "install it"
    k3d cluster delete "$CLUSTER" >&2 || die 65 "$CLUSTER was not deleted" "see above"
    announce "$CLUSTER is gone"
    return
  fi
  nodes_setup
  if [ -n "$wanted" ]; then
    node_number "$wanted" && i=$REPLY
    if [ "$i" -eq 1 ] && [ "$NODE_COUNT" -gt 1 ]; then
      die 2 "$wanted is the server the others joined" "put another server first in the stack, or uninstall all"
    fi
  fi
  if [ -z "$DRY_RUN" ]; then
    confirmed "k3s${wanted:+ on $wanted} and everything that runs in it ends${purge:+, with all data and volumes}" || die 77 "nothing was changed"
  fi
  if [ -n "$wanted" ]; then
    if [ "$NODE_COUNT" -gt 1 ]; then leave_cluster "$wanted"; fi
    uninstall_node "$i" "$purge"
    return
  fi
  # Servers come first in the stack, agents after them.
  for ((i = NODE_COUNT; i >= 1; i--)); do uninstall_node "$i" "$purge"; done
}

# leave_cluster NODE: its pods go elsewhere; a server leaves etcd with its node.
leave_cluster() {
  if would kubectl drain "$1"; then return; fi
  kube drain "$1" --ignore-daemonsets --delete-emptydir-data --timeout=300s </dev/null >&2 \
    || die 65 "$1 cannot be emptied; nothing was removed" "see above: a disruption budget may hold a pod there"
  kube delete node "$1" </dev/null >&2 || die 65 "$1 is still a node of $CLUSTER" "see above"
}

uninstall_node() {
  local code=0
  load_node "$1"
  [ -z "$DRY_RUN" ] || say "$NODE:"
  phase "$NODE"
  ship
  node_program uninstall.sh ${DRY_RUN:+--dry-run} --yes ${2:+--purge} </dev/null || code=$?
  [ "$code" -eq 0 ] || die 65 "k3s is still on $NODE (see above)" "run it again: $PROGRAM uninstall"
}
