#!/usr/bin/env bash
# The state of the cluster, on one of its servers: snapshots of etcd, the way back to one, and the administrator's kubeconfig.
set -euo pipefail

PROGRAM=${0##*/}

usage() {
  cat <<TEXT
Usage: $PROGRAM snapshot [NAME]
       $PROGRAM list
       $PROGRAM has SNAPSHOT
       $PROGRAM stop | start | wait
       $PROGRAM restore FILE --yes
       $PROGRAM forget --yes
       $PROGRAM kubeconfig

  snapshot    take a snapshot of etcd now (and put it into S3 when the stack says so)
  list        the snapshots there are
  has         whether there is one, here or in S3
  stop        k3s on this server
  start       it, without waiting: of several servers, one is up only when enough of the others are
  wait        until it is up, five minutes at most
  restore     on the first server, with k3s stopped on all: the cluster becomes what FILE says; then start it
  forget      on each other server, with k3s stopped: it lets its part of etcd go, and gets it anew from the first when it starts
  kubeconfig  print the administrator's kubeconfig; never to a terminal

The stack's program does this on all servers in order: bin/cluster snapshot, bin/cluster restore.

Exit codes: 0 done, 2 usage or not an etcd server, 65 it failed, 77 it wants a --yes.
TEXT
}

die() {
  printf '%s: %s\n' "$PROGRAM" "$2" >&2
  if [ -n "${3:-}" ]; then printf '  %s\n' "$3" >&2; fi
  exit "$1"
}

COMMAND='' WORD='' YES=''
while [ $# -gt 0 ]; do
  case $1 in
    --yes | -y) YES=1 ;;
    --help | -h)
      usage
      exit 0
      ;;
    -*) die 2 "unknown argument: $1" "see: $PROGRAM --help" ;;
    *)
      if [ -z "$COMMAND" ]; then COMMAND=$1; elif [ -z "$WORD" ]; then WORD=$1; else die 2 "unexpected argument: $1" "see: $PROGRAM --help"; fi
      ;;
  esac
  shift
done

R=${GANTRY_ROOT:-}
ETC=$R/etc/rancher/k3s DATA=$R/var/lib/rancher/k3s K3S=$R/usr/local/bin/k3s
if [ -z "$R" ] && [ "$(id -u)" -ne 0 ]; then
  if [ "$COMMAND" = kubeconfig ] && [ -r "$HOME/.kube/k3s.yaml" ]; then
    ETC=$HOME/.kube
  else
    die 2 "it must run as root" "sudo $0 $COMMAND"
  fi
fi

etcd() { [ -d "$DATA/server/db/etcd" ] || die 2 "this server does not run etcd" "declare snapshots in the stack: a single server then runs etcd too"; }
stopped() { ! systemctl is-active --quiet k3s || die 2 "k3s runs here" "stop it on all servers first: $PROGRAM stop"; }
s3_credentials() {
  local line
  [ -r "$ETC/etcd-s3.env" ] || return 0
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in AWS_ACCESS_KEY_ID=* | AWS_SECRET_ACCESS_KEY=* | AWS_SESSION_TOKEN=*) export "${line?}" ;; esac
  done <"$ETC/etcd-s3.env"
}

case $COMMAND in
  snapshot)
    etcd
    case $WORD in *[!A-Za-z0-9._-]*) die 2 "got $WORD; allowed: a name of letters, digits, dots, dashes and underscores" ;; esac
    s3_credentials
    "$K3S" etcd-snapshot save ${WORD:+--name "$WORD"} || die 65 "no snapshot was taken" "see: journalctl -u k3s"
    ;;
  list)
    etcd
    s3_credentials
    "$K3S" etcd-snapshot ls
    ;;
  has)
    etcd
    if [ -n "$WORD" ] && { [ -f "$WORD" ] || [ -f "$DATA/server/db/snapshots/$WORD" ]; }; then exit 0; fi
    s3_credentials
    "$K3S" etcd-snapshot ls 2>/dev/null | awk -v name="$WORD" '$1 == name { found = 1 } END { exit !found }' \
      || die 2 "there is no snapshot $WORD" "see: $PROGRAM list"
    ;;
  stop) systemctl stop k3s || die 65 "k3s does not stop" "see: journalctl -u k3s" ;;
  start) systemctl start --no-block k3s || die 65 "k3s does not start" "see: journalctl -u k3s" ;;
  wait)
    left=${GANTRY_WAIT_TRIES:-150}
    until systemctl is-active --quiet k3s && KUBECONFIG=$ETC/k3s.yaml "$K3S" kubectl get --raw /readyz >/dev/null 2>&1; do
      left=$((left - 1))
      [ "$left" -gt 0 ] || die 65 "k3s does not come up" "see: journalctl -u k3s"
      sleep "${GANTRY_WAIT_SECONDS:-2}"
    done
    ;;
  restore)
    [ -n "$WORD" ] || die 2 "restore needs a snapshot" "see: $PROGRAM list"
    [ -n "$YES" ] || die 77 "everything that happened in the cluster since $WORD is lost" "say it with --yes"
    case $WORD in */*) ;; *) [ ! -f "$DATA/server/db/snapshots/$WORD" ] || WORD=$DATA/server/db/snapshots/$WORD ;; esac
    case $WORD in /*) [ -f "$WORD" ] || die 2 "there is no $WORD" "see: $PROGRAM list" ;; esac
    stopped
    s3_credentials
    # It ends by itself when the datastore is what the snapshot says.
    "$K3S" server --cluster-reset "--cluster-reset-restore-path=$WORD" >&2 || die 65 "the snapshot was not restored" \
      "it needs the token of the cluster it is from, in $ETC/server-token"
    ;;
  forget)
    etcd
    [ -n "$YES" ] || die 77 "this server's part of etcd is put aside" "say it with --yes"
    stopped
    # Put aside until it has come back as a member.
    rm -rf -- "${DATA:?}/server/db.before-restore"
    mv -- "$DATA/server/db" "$DATA/server/db.before-restore"
    ;;
  kubeconfig)
    if [ -t 1 ]; then die 2 "it holds the administrator's key, and standard output is a terminal" "send it into a file of mode 0600"; fi
    [ -r "$ETC/k3s.yaml" ] || die 2 "there is no $ETC/k3s.yaml" "k3s writes it when it starts: is this a server, and does it run?"
    cat -- "$ETC/k3s.yaml"
    ;;
  '') die 2 "it wants a command" "see: $PROGRAM --help" ;;
  *) die 2 "unknown command: $COMMAND" "see: $PROGRAM --help" ;;
esac
