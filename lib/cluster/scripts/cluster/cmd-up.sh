# shellcheck shell=bash source-path=SCRIPTDIR
# up: start what is installed; in containers, make it.

# shellcheck source=nodes.sh
. "$PROGRAM_DIR/nodes.sh"

help_up() {
  cat <<TEXT
Usage: $PROGRAM up

Starts k3s on every node, servers first. With k3d: makes the cluster from $INFRA_DIR/k3d/cluster.yaml, or starts it. What runs is
left alone.
TEXT
}

cmd_up() {
  local i service
  while [ $# -gt 0 ]; do
    common_flag "$1" || bad_argument up "$1"
    shift
  done
  if [ "$TARGET" = k3d ]; then
    up_k3d
    return
  fi
  nodes_setup
  for ((i = 1; i <= NODE_COUNT; i++)); do
    load_node "$i"
    service=k3s
    [ "$NODE_ROLE" = server ] || service=k3s-agent
    [ -z "$ROOTLESS" ] || service=k3s-rootless
    start_node "$service"
  done
  if [ -n "$STARTED" ] && [ -z "$ROOTLESS" ]; then
    load_node 1
    note "waiting for $NODE"
    node_program state.sh wait </dev/null || die 65 "k3s on $NODE does not come up (see above)"
  fi
}

STARTED=''

start_node() {
  local unit="${GANTRY_ROOT:-}/etc/systemd/system/$1.service" user=''
  if [ -n "$ROOTLESS" ]; then unit=$HOME/.config/systemd/user/$1.service user=--user; fi
  quote test -e "$unit"
  node_shell "$REPLY" </dev/null || die 2 "k3s is not installed on $NODE" "$PROGRAM install"
  if on_node systemctl ${user:+"$user"} is-active --quiet "$1" </dev/null; then
    announce "$NODE: k3s runs"
    return
  fi
  if would "$NODE: systemctl start $1"; then return; fi
  STARTED=1
  # Not waiting for each: a server of several is up only when enough of the others are.
  on_node systemctl ${user:+"$user"} start --no-block "$1" </dev/null || die 65 "k3s on $NODE does not start" "see there: journalctl -u $1"
  announce "$NODE: k3s is started"
}

up_k3d() {
  local config=$FILE_ROOT/$INFRA_DIR/k3d/cluster.yaml name servers
  has k3d || die 2 "k3d is not on PATH" "install it, or take K3sTarget.native()"
  while read -r name servers _; do
    [ "$name" = "$CLUSTER" ] || continue
    # SERVERS is RUNNING/ALL.
    if [ "${servers%/*}" = "${servers#*/}" ]; then
      announce "$CLUSTER runs"
      return
    fi
    if would k3d cluster start "$CLUSTER"; then return; fi
    k3d cluster start "$CLUSTER" >&2 || die 65 "$CLUSTER does not start" "see: docker ps -a"
    announce "$CLUSTER is started"
    return
  done < <(k3d cluster list --no-headers 2>/dev/null)
  if would k3d cluster create --config "$config"; then return; fi
  k3d cluster create --config "$config" >&2 || die 65 "$CLUSTER was not made" "see above; does docker run? docker ps"
  announce "$CLUSTER is made; its context is $CONTEXT"
}
