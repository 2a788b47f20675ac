# shellcheck shell=bash source-path=SCRIPTDIR
# install: k3s on every node, as the stack says.

# shellcheck source=nodes.sh
. "$PROGRAM_DIR/nodes.sh"

help_install() {
  cat <<TEXT
Usage: $PROGRAM install [--yes] [--dry-run]

Brings every node to what the stack says: k3s by its sha256, its configuration, its service; the first server first, then the
others, one by one. Tokens are made on the first server and go to the others through ssh. What is so already is left alone.
On this machine it is the same as: sudo $INFRA_DIR/k3s/install.sh

  --yes       also go back to an older k3s, or leave out a minor of Kubernetes
  --dry-run   say what would be done on each node
TEXT
}

cmd_install() {
  local i
  while [ $# -gt 0 ]; do
    common_flag "$1" || bad_argument install "$1"
    shift
  done
  if [ "$TARGET" = k3d ]; then die 2 "$CLUSTER runs in containers, which need no installation" "$PROGRAM up"; fi
  if [ -n "$S3_CREDENTIALS" ] && ! [ -r "$PROJECT_ROOT/$S3_CREDENTIALS" ]; then
    die 2 "$S3_CREDENTIALS is not there" "write it with AWS_ACCESS_KEY_ID=… and AWS_SECRET_ACCESS_KEY=…, for you alone to read; it is seen from $PROJECT_ROOT"
  fi
  nodes_setup
  join_address
  lost_first
  [ -n "$DRY_RUN" ] || wake_servers
  for ((i = 1; i <= NODE_COUNT; i++)); do install_node "$i"; done
  if [ -z "$DRY_RUN" ]; then announce "$CLUSTER: $NODE_COUNT node(s); next: $PROGRAM kubeconfig --merge"; fi
}

# lost_first: a first server without data, beside others that have some, would begin a second cluster.
lost_first() {
  local i state='' data="${GANTRY_ROOT:-}/var/lib/rancher/k3s/server"
  [ "$NODE_COUNT" -gt 1 ] || return 0
  load_node 1
  quote test -d "$data"
  node_shell "$REPLY" </dev/null || state=lost
  [ -n "$state" ] || return 0
  for ((i = 2; i <= NODE_COUNT; i++)); do
    load_node "$i"
    [ "$NODE_ROLE" = server ] || continue
    quote test -d "$data"
    if node_shell "$REPLY" </dev/null; then
      die 2 "the first server is empty, and $NODE has a cluster: installing it would begin another one" \
        "put $NODE first in the stack's servers; the empty one then joins"
    fi
  done
}

# wake_servers: of several servers, none comes up alone; those that are installed and stand still are started first.
wake_servers() {
  local i unit="${GANTRY_ROOT:-}/etc/systemd/system/k3s.service" stopped=''
  for ((i = 1; i <= NODE_COUNT; i++)); do
    load_node "$i"
    [ "$NODE_ROLE" = server ] || break
    quote test -e "$unit"
    node_shell "$REPLY" </dev/null || continue
    if on_node systemctl is-active --quiet k3s </dev/null; then continue; fi
    stopped="$stopped $i"
  done
  # A single server among agents comes up by itself.
  case $stopped in *' '*' '*) ;; *) return 0 ;; esac
  for i in $stopped; do
    load_node "$i"
    on_node systemctl start --no-block k3s </dev/null || :
  done
}
