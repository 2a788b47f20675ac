# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# Running things on the nodes of the cluster: this machine (native), machines that are there already (ssh), or those of the
# stack (ec2). Secrets go from node to node through pipes; they are in no argument, no file of ours and no log.

# shellcheck source=../../../core/scripts/ssh.sh
. "$COMMON_DIR/ssh.sh"
# shellcheck source=../../../core/scripts/terraform.sh
. "$COMMON_DIR/terraform.sh"

NODES_READY=''

# nodes_setup: once a run, before the first contact.
nodes_setup() {
  [ -z "$NODES_READY" ] || return 0
  NODES_READY=1
  state_dir
  temp_dir
  [ "$TARGET" != k3d ] || die 2 "the nodes of $CLUSTER are containers" "see: k3d node list"
  [ "$TARGET" != ec2 ] || terraform_program
}

# load_node I: the I-th node: NODE, NODE_ROLE and, when ssh reaches it, what ssh.sh wants to know.
load_node() {
  local i=$1 name
  name=NODE_${i}_NAME && NODE=${!name}
  name=NODE_${i}_ROLE && NODE_ROLE=${!name}
  NODE_ADDRESS='' NODE_PUBLIC=''
  [ "$TARGET" != native ] || return 0
  name=NODE_${i}_ADDRESS && HOST_ADDRESS=${!name}
  name=NODE_${i}_PORT && HOST_PORT=${!name}
  name=NODE_${i}_USER && HOST_USER=${!name}
  name=NODE_${i}_ALIAS && SSH_ALIAS=${!name}
  name=NODE_${i}_KEY && HOST_KEY=${!name}
  name=NODE_${i}_IDENTITY && IDENTITY_FILE=${!name}
  name=NODE_${i}_OUTPUT
  [ "$TARGET" != ec2 ] || ec2_node "${!name}"
  NODE_ADDRESS=${NODE_ADDRESS:-$HOST_ADDRESS}
  SSH_PIN=$PROGRAM.$NODE
  ssh_options
  SSH_LOG=$TEMP_DIR/ssh.$NODE.log
}

# ec2_node OUTPUT: where the instance is. Its host key is pinned under its id, which does not change.
ec2_node() {
  local id
  id=$(terraform_output "$1_instance_id") || die 2 "the stack has no machine for $NODE yet" "deploy it first: cdktf deploy"
  NODE_ADDRESS=$(terraform_output "$1_private_ip") || NODE_ADDRESS=''
  NODE_PUBLIC=$(terraform_output "$1_public_ip") || NODE_PUBLIC=''
  SSH_ALIAS=$id
  HOST_ADDRESS=${NODE_PUBLIC:-$NODE_ADDRESS}
  [ "$ACCESS" != ssm ] || HOST_ADDRESS=$id
}

# node_line WORDS…: REPLY = the command line that runs the words as root, with a file tree in the place of / when one is prepared.
node_line() {
  quote "$@"
  if [ -n "${GANTRY_ROOT:-}" ]; then
    local words=$REPLY
    quote "GANTRY_ROOT=$GANTRY_ROOT" "GANTRY_WAIT_SECONDS=${GANTRY_WAIT_SECONDS:-2}"
    REPLY="exec env $REPLY $words"
  elif [ -n "$ROOTLESS" ]; then
    REPLY="exec $REPLY"
  else
    # shellcheck disable=SC2016 # expanded on the node
    REPLY='if [ "$(id -u)" = 0 ]; then exec '"$REPLY"'; else exec sudo -n '"$REPLY"'; fi'
  fi
}

# on_node WORDS…: runs a program on the loaded node, as root. Ends the program when the node cannot be reached.
on_node() {
  local code=0
  if [ "$TARGET" = native ]; then
    if [ -n "$ROOTLESS${GANTRY_ROOT:-}" ] || [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
    return
  fi
  node_line "$@"
  node_shell "$REPLY" || code=$?
  return "$code"
}

# node_shell LINE: a command line on the loaded node, as the user who logs in.
node_shell() {
  local code=0
  if [ "$TARGET" = native ]; then
    bash -c "$1"
    return
  fi
  ssh_attempt '' "$1" || code=$?
  if [ "$code" -eq 255 ] && ssh_drop_master; then
    code=0
    ssh_attempt '' "$1" || code=$?
  fi
  [ "$code" -ne 255 ] || node_unreachable
  return "$code"
}

node_unreachable() {
  ssh_remedy
  die 69 "$NODE cannot be reached at ${HOST_ADDRESS:-its address}: ${HOST_FAULT:-no answer}" "${REPLY:-is the machine up, and is the address right?}"
}

# node_dir: REPLY = where the generated files of k3s are on the loaded node.
node_dir() {
  if [ "$TARGET" = native ]; then
    REPLY=$FILE_ROOT/$INFRA_DIR/k3s
  else
    REPLY=.gantry/k3s/$CLUSTER
  fi
}

# node_program NAME WORDS…: runs a program of infra/k3s on the loaded node, as root.
node_program() {
  local name=$1
  shift
  node_dir
  on_node bash "$REPLY/$name" "$@"
}

# ship: brings infra/k3s to the loaded node; the bundle for hosts without network only when it differs.
ship() {
  local file there
  [ "$TARGET" != native ] || return 0
  # shellcheck disable=SC2016 # expanded on the node
  quote sh -c 'umask 077; mkdir -p "$1" && tar -xf - -C "$1"' sh ".gantry/k3s/$CLUSTER"
  (cd -- "$FILE_ROOT/$INFRA_DIR/k3s" && COPYFILE_DISABLE=1 tar -cf - --exclude ./airgap .) >"$TEMP_DIR/k3s.tar"
  node_shell "$REPLY" <"$TEMP_DIR/k3s.tar" || die 69 "the files of k3s cannot be copied to $NODE" "see above"
  [ -n "$AIRGAP" ] || return 0
  for file in "$FILE_ROOT/$INFRA_DIR/k3s/airgap"/*; do
    [ -f "$file" ] || continue
    there=.gantry/k3s/$CLUSTER/airgap/${file##*/}
    quote sha256sum "$there"
    there=$(node_shell "$REPLY 2>/dev/null || :" </dev/null)
    if [ "${there%% *}" = "$(sha256 <"$file" | cut -d ' ' -f 1)" ]; then continue; fi
    note "copying ${file##*/} to $NODE"
    # shellcheck disable=SC2016 # expanded on the node
    quote sh -c 'umask 077; mkdir -p "${1%/*}" && cat >"$1.new" && mv "$1.new" "$1"' sh ".gantry/k3s/$CLUSTER/airgap/${file##*/}"
    node_shell "$REPLY" <"$file" || die 69 "${file##*/} cannot be copied to $NODE" "see above"
  done
}

# pass_secret GET PUT: a token from the first node to the loaded one.
pass_secret() {
  (
    load_node 1
    node_program install.sh --node "$NODE" --get "$1"
  ) </dev/null | node_program install.sh --node "$NODE" --put "$2" || die 65 "$NODE did not get its $2" "see above"
}

# node_number NAME: REPLY = its number; ends the program when there is none.
node_number() {
  local i name names=''
  for ((i = 1; i <= NODE_COUNT; i++)); do
    name=NODE_${i}_NAME
    names="$names ${!name}"
    REPLY=$i
    [ "${!name}" != "$1" ] || return 0
  done
  die 2 "unknown node: $1" "$CLUSTER has:$names"
}

# kube WORDS…: kubectl on the first server, which needs no kubeconfig here.
kube() (
  load_node 1
  on_node "${GANTRY_ROOT:-}/usr/local/bin/k3s" kubectl "$@"
)

# join_address: JOIN = where nodes join, when only Terraform knows it.
join_address() {
  JOIN=''
  if [ "$TARGET" != ec2 ] || [ -n "$REGISTRATION_FIXED" ] || [ "$NODE_COUNT" -lt 2 ]; then return 0; fi
  load_node 1
  JOIN=$NODE_ADDRESS
  [ -n "$JOIN" ] || die 2 "the stack has no address for $NODE" "deploy it first: cdktf deploy"
}

# install_node I: brings k3s on one node to what the stack says.
install_node() {
  local -a flags
  load_node "$1"
  flags=(--node "$NODE")
  if [ -n "$JOIN" ]; then flags+=(--registration "$JOIN"); fi
  if [ "$NODE_ROLE" = server ] && [ -n "$NODE_PUBLIC" ]; then flags+=(--san "$NODE_PUBLIC"); fi
  [ -z "$YES" ] || flags+=(--yes)
  if [ -n "$DRY_RUN" ]; then
    flags+=(--dry-run)
    say "$NODE:"
  fi
  phase "$NODE"
  ship
  if [ -z "$DRY_RUN" ]; then
    if [ "$1" -ne 1 ]; then
      if [ "$NODE_ROLE" = server ]; then
        pass_secret server-join server-token
        pass_secret agent-secret agent-token
      else
        pass_secret agent-join agent-token
      fi
    fi
    if [ "$NODE_ROLE" = server ] && [ -n "$S3_CREDENTIALS" ]; then
      node_program install.sh --node "$NODE" --put s3 <"$PROJECT_ROOT/$S3_CREDENTIALS" || die 65 "$NODE did not get the S3 credentials" "see above"
    fi
  fi
  local code=0
  node_program install.sh "${flags[@]}" </dev/null || code=$?
  case $code in
    0) ;;
    2 | 75 | 77) die "$code" "$NODE was not changed (see above)" ;;
    *) die 65 "k3s on $NODE is not as the stack says (see above)" "it can be run again at any time: $PROGRAM $RUN_COMMAND" ;;
  esac
}
