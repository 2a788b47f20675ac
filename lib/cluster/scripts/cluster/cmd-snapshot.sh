# shellcheck shell=bash source-path=SCRIPTDIR
# snapshot, restore: the state of the cluster.

# shellcheck source=nodes.sh
. "$PROGRAM_DIR/nodes.sh"

help_snapshot() {
  cat <<TEXT
Usage: $PROGRAM snapshot [NAME]
       $PROGRAM snapshot --list

Takes a snapshot of etcd on the first server now, and puts it into S3 when the stack says so. --list shows those there are.
TEXT
}

help_restore() {
  cat <<TEXT
Usage: $PROGRAM restore SNAPSHOT --yes

Takes the cluster back to a snapshot, by its name in '$PROGRAM snapshot --list': stops all servers, restores the first, has the
others get their part of etcd from it, starts them. Everything that happened since is lost. Pods run on meanwhile.
TEXT
}

need_etcd() {
  if [ "$TARGET" = k3d ]; then die 2 "the state of $CLUSTER is in its containers" "make it anew instead: $PROGRAM uninstall && $PROGRAM up"; fi
  [ "$DATASTORE" = etcd ] || die 2 "$CLUSTER keeps its state in SQLite, which has no snapshots" \
    "declare snapshots in the stack before the cluster is installed: a single server then runs etcd"
}

cmd_snapshot() {
  local name='' list=''
  while [ $# -gt 0 ]; do
    case $1 in
      --list) list=1 ;;
      -*) common_flag "$1" || bad_argument snapshot "$1" ;;
      *)
        [ -z "$name" ] || bad_argument snapshot "$1"
        name=$1
        ;;
    esac
    shift
  done
  need_etcd
  nodes_setup
  load_node 1
  if [ -n "$list" ]; then
    node_program state.sh list </dev/null || die 65 "the snapshots cannot be listed (see above)"
    return
  fi
  if would "$NODE: k3s etcd-snapshot save${name:+ --name $name}"; then return; fi
  node_program state.sh snapshot ${name:+"$name"} </dev/null || die 65 "no snapshot was taken (see above)"
}

cmd_restore() {
  local name='' i
  while [ $# -gt 0 ]; do
    case $1 in
      -*) common_flag "$1" || bad_argument restore "$1" ;;
      *)
        [ -z "$name" ] || bad_argument restore "$1"
        name=$1
        ;;
    esac
    shift
  done
  [ -n "$name" ] || die 2 "restore needs the name of a snapshot" "see: $PROGRAM snapshot --list"
  need_etcd
  nodes_setup
  load_node 1
  # Before anything is stopped.
  node_program state.sh has "$name" </dev/null || die 2 "nothing was changed (see above)" "$PROGRAM snapshot --list"
  if would "on all servers: stop; on the first: restore $name; on the others: forget; then start"; then return; fi
  confirmed "everything that happened in $CLUSTER since $name is lost" || die 77 "nothing was changed"
  servers state.sh stop
  load_node 1
  node_program state.sh restore "$name" --yes </dev/null || die 65 "$name was not restored; k3s is stopped on all servers (see above)" \
    "to go on as before: $PROGRAM up"
  node_program state.sh start </dev/null || die 65 "k3s on $NODE does not start (see above)"
  node_program state.sh wait </dev/null || die 65 "k3s on $NODE does not come up (see above)"
  for ((i = 2; i <= NODE_COUNT; i++)); do
    load_node "$i"
    [ "$NODE_ROLE" = server ] || continue
    node_program state.sh forget --yes </dev/null || die 65 "$NODE keeps its old part of etcd (see above)"
    node_program state.sh start </dev/null || die 65 "k3s on $NODE does not start (see above)"
    node_program state.sh wait </dev/null || die 65 "$NODE does not join again (see above)"
  done
  announce "$CLUSTER is what $name says"
}

# servers NAME WORDS…: a program on every server, last to first.
servers() {
  local i
  for ((i = NODE_COUNT; i >= 1; i--)); do
    load_node "$i"
    [ "$NODE_ROLE" = server ] || continue
    node_program "$@" </dev/null || die 65 "$NODE: $* failed (see above)"
  done
}
