# shellcheck shell=bash source-path=SCRIPTDIR
# kubeconfig: fetches the administrator's kubeconfig.

# shellcheck source=nodes.sh
. "$PROGRAM_DIR/nodes.sh"

help_kubeconfig() {
  cat <<TEXT
Usage: $PROGRAM kubeconfig [--merge] [--use] [--address ADDRESS]

Fetches the administrator's kubeconfig into .gantry/, for you alone to read, with the context $CONTEXT: k3s calls everything
"default", and so does every other cluster of k3s.

  --merge             also into the first file of KUBECONFIG, or ~/.kube/config; what was there is kept in a copy beside it
  --use               also make it the current context there
  --address ADDRESS   where this machine reaches the API (default: the address of the first server)
TEXT
}

cmd_kubeconfig() {
  local merge='' use='' address='' target
  while [ $# -gt 0 ]; do
    case $1 in
      --merge) merge=1 ;;
      --use) merge=1 use=1 ;;
      --address)
        need_value kubeconfig "$1" $#
        address=$2
        shift
        ;;
      *) common_flag "$1" || bad_argument kubeconfig "$1" ;;
    esac
    shift
  done
  case $address in *[!A-Za-z0-9.:-]*) die 2 "--address: got $address; allowed: a host name or an IP address" ;; esac
  state_dir
  temp_dir
  target=$STATE_DIR/kubeconfig.$CLUSTER
  if would "write $target"; then
    [ -z "$merge" ] || announce "would run: merge it"
    return
  fi
  if [ "$TARGET" = k3d ]; then fetch_k3d; else fetch "$address"; fi
  [ -s "$TEMP_DIR/kubeconfig" ] || die 65 "there is no kubeconfig to fetch (see above)" "is k3s up? $PROGRAM up"
  place "$TEMP_DIR/kubeconfig" "$target"
  [ -z "$merge" ] || merge_kubeconfig "$target" "$use"
  if [ -n "$JSON" ]; then
    json_string "$target" && target=$REPLY
    json_string "$CONTEXT"
    say "{\"kubeconfig\":$target,\"context\":$REPLY}"
  elif [ -z "$merge" ]; then
    quote "$target"
    say "export KUBECONFIG=$REPLY # context $CONTEXT"
  fi
}

fetch_k3d() {
  has k3d || die 2 "k3d is not on PATH" "install it"
  (umask 077 && k3d kubeconfig get "$CLUSTER" >"$TEMP_DIR/kubeconfig") || die 65 "k3d has no kubeconfig for $CLUSTER" "$PROGRAM up"
}

# fetch [ADDRESS]: k3s' own, with the names and the address that hold outside.
fetch() {
  local address=$1
  nodes_setup
  load_node 1
  if [ -z "$address" ]; then address=${REGISTRATION_FIXED:-${NODE_PUBLIC:-$NODE_ADDRESS}}; fi
  address=${address:-127.0.0.1}
  case $address in *:*) address="[$address]" ;; esac
  (umask 077 && node_program state.sh kubeconfig </dev/null >"$TEMP_DIR/k3s.yaml") \
    || die 65 "the kubeconfig of $NODE cannot be read (see above)" "is k3s installed? $PROGRAM install"
  # k3s writes these lines, and nothing else ends so.
  (umask 077 && sed -e "s/: default\$/: $CONTEXT/" -e "s#server: https://127\\.0\\.0\\.1:#server: https://$address:#" \
    "$TEMP_DIR/k3s.yaml" >"$TEMP_DIR/kubeconfig")
  rm -f -- "$TEMP_DIR/k3s.yaml"
}

# place FROM TO: whole or not at all, for the user alone.
place() {
  if ! (umask 077 && cat -- "$1" >"$2.new") || ! mv -f -- "$2.new" "$2"; then die 2 "$2 cannot be written"; fi
}

# merge_kubeconfig FILE [USE]
merge_kubeconfig() {
  local into=${KUBECONFIG:-$HOME/.kube/config} from=$1
  into=${into%%:*}
  into=${into:-$HOME/.kube/config}
  [ "$into" != "$1" ] || return 0
  has kubectl || die 2 "kubectl is not on PATH" "it merges kubeconfig files; the new one is $1"
  mkdir -p -- "${into%/*}"
  if [ -e "$into" ]; then
    cp -p -- "$into" "$into.before-gantry" && chmod 600 "$into.before-gantry"
    if [ -z "$2" ]; then
      # The first file that names a current context decides; the user's stays.
      (umask 077 && grep -v '^current-context:' "$1" >"$TEMP_DIR/merge")
      from=$TEMP_DIR/merge
    fi
  fi
  (umask 077 && KUBECONFIG=$from:$into kubectl config view --flatten >"$TEMP_DIR/merged") \
    || die 65 "$into cannot be merged; it was not changed" "the new kubeconfig is $1"
  # A link stays one.
  if [ -L "$into" ]; then cat -- "$TEMP_DIR/merged" >"$into"; else place "$TEMP_DIR/merged" "$into"; fi
  announce "$into has the context $CONTEXT"
}
