#!/usr/bin/env bash
# Takes k3s off this host. What cannot be had again, the last state of the cluster, its token and its volumes, is kept unless
# --purge. install.sh leaves a copy at /usr/local/bin/k3s-uninstall.sh, so it needs no other file.
set -euo pipefail

PROGRAM=${0##*/}

usage() {
  cat <<TEXT
Usage: $PROGRAM [--yes] [--purge] [--dry-run]

Stops k3s and all pods on this host and removes its service, program, configuration and data. With several nodes: agents first,
then the servers that joined, the first server last.

Kept, in /var/lib/gantry-k3s/kept, for root alone: the last etcd snapshot (or the SQLite datastore), the token it is encrypted
with, and the volumes of pods.

  --yes      do it without a question
  --purge    keep nothing
  --dry-run  say what would be done

Exit codes: 0 done or nothing to do, 2 usage, 65 something could not be removed, 77 it wants a --yes.
TEXT
}

say() { printf '%s\n' "$*"; }
note() { printf '%s\n' "$*" >&2; }
die() {
  printf '%s: %s\n' "$PROGRAM" "$2" >&2
  if [ -n "${3:-}" ]; then printf '  %s\n' "$3" >&2; fi
  exit "$1"
}
has() { type -P "$1" >/dev/null 2>&1; }

YES='' PURGE='' DRY_RUN=''
while [ $# -gt 0 ]; do
  case $1 in
    --yes | -y) YES=1 ;;
    --purge) PURGE=1 ;;
    --dry-run) DRY_RUN=1 ;;
    --help | -h)
      usage
      exit 0
      ;;
    *) die 2 "unknown argument: $1" "see: $PROGRAM --help" ;;
  esac
  shift
done

R=${GANTRY_ROOT:-}
ROOTLESS=''
if [ -z "$R" ] && [ "$(id -u)" -ne 0 ] && [ -e "$HOME/.config/systemd/user/k3s-rootless.service" ]; then ROOTLESS=1; fi
if [ -n "$ROOTLESS" ]; then
  BIN=$HOME/.local/bin ETC=$HOME/.config/k3s UNITS=$HOME/.config/systemd/user DATA=$HOME/.rancher/k3s KEPT=$HOME/.rancher/k3s-kept RUN=''
else
  BIN=$R/usr/local/bin ETC=$R/etc/rancher/k3s UNITS=$R/etc/systemd/system DATA=$R/var/lib/rancher/k3s
  KEPT=$R/var/lib/gantry-k3s/kept RUN=$R/run/k3s
  if [ -z "$R" ] && [ -z "$DRY_RUN" ] && [ "$(id -u)" -ne 0 ]; then die 2 "it must run as root" "sudo $0"; fi
fi

service() {
  if [ -n "$ROOTLESS" ]; then systemctl --user "$@"; else systemctl "$@"; fi
}

SERVICES=''
for name in k3s k3s-agent k3s-rootless; do
  if [ -e "$UNITS/$name.service" ]; then SERVICES="$SERVICES $name"; fi
done
if [ -z "$SERVICES" ] && ! [ -e "$BIN/k3s" ] && ! [ -d "$DATA" ] && ! [ -d "$ETC" ]; then
  say "k3s is not here"
  exit 0
fi

if [ -z "$YES$DRY_RUN" ]; then
  question="k3s and everything that runs in it on this host ends"
  if [ -n "$PURGE" ]; then question="$question, with all data and volumes"; fi
  if ! [ -t 0 ] || ! [ -t 2 ]; then die 77 "$question" "say it with --yes"; fi
  printf '%s. Go on? [y/N] ' "$question" >&2
  read -r answer || answer=''
  case $answer in y | Y | yes) ;; *) die 77 "nothing was changed" ;; esac
fi

step() {
  if [ -n "$DRY_RUN" ]; then
    say "would $*"
    return 1
  fi
  note "$*"
}

FAILED=''
remove() {
  if ! [ -e "$1" ] && ! [ -L "$1" ]; then return 0; fi
  step "remove $1" || return 0
  if has mountpoint && mountpoint -q -- "$1"; then
    find "$1" -xdev -mindepth 1 -delete || FAILED="$FAILED $1" # a disk of its own: emptied, and left where it is
  else
    rm -rf -- "$1" || FAILED="$FAILED $1"
  fi
}

for name in $SERVICES; do
  step "stop $name" || continue
  service disable "$name" >/dev/null 2>&1 || :
  service stop "$name" || die 65 "$name cannot be stopped" "see: systemctl status $name"
done

# Pods outlive the service, on purpose: a restart of k3s does not restart them. Each hangs below a shim of containerd.
children() {
  local pid
  for pid in $(ps -e -o ppid= -o pid= | awk -v parent="$1" '$1 == parent { print $2 }'); do
    children "$pid"
    printf '%s\n' "$pid"
  done
}
shims() { ps -e -o pid= -o args= | awk -v where="$DATA/data/" 'index($2, where) == 1 && $2 ~ /containerd-shim/ { print $1 }'; }
pids=$(for pid in $(shims); do
  children "$pid"
  printf '%s\n' "$pid"
done)
if [ -n "$pids" ] && step "end the pods"; then
  # shellcheck disable=SC2086 # a list of numbers
  kill -9 $pids 2>/dev/null || :
fi

# mounted BELOW: prints what is mounted there.
mounted() {
  [ -r "$R/proc/self/mounts" ] || return 0
  awk -v below="$1" 'index($2, below) == 1 { print $2 }' "$R/proc/self/mounts"
}

# unmount BELOW: deepest first, and never what is on them: a volume may be somebody's network disk.
unmount() {
  local place
  mounted "$1" | sort -r | while IFS= read -r place; do
    place=$(printf '%b' "$place")
    step "unmount $place" || continue
    umount -- "$place" || umount -l -- "$place" || :
  done
}
if [ -z "$ROOTLESS" ]; then
  for place in "$RUN/" "$DATA/" "$R/var/lib/kubelet/" "$R/run/netns/cni-"; do unmount "$place"; done
  for place in "$RUN" "$DATA" "$R/var/lib/kubelet"; do
    if [ -z "$DRY_RUN" ] && [ -n "$(mounted "$place/")" ]; then
      die 65 "something is still mounted below $place; nothing was removed" "see: grep $place /proc/self/mounts"
    fi
  done
  if [ -z "$R" ] && has ip; then
    for link in cni0 flannel.1 flannel-v6.1 kube-ipvs0 flannel-wg flannel-wg-v6; do
      if ip link show "$link" >/dev/null 2>&1; then step "remove the link $link" && { ip link delete "$link" || :; }; fi
    done
  fi
  if [ -z "$R" ] && has iptables-save && has iptables-restore && step "remove the packet filter rules of k3s"; then
    iptables-save | grep -v -e KUBE- -e CNI- -e flannel | iptables-restore || FAILED="$FAILED iptables"
    if has ip6tables-save; then ip6tables-save | grep -v -e KUBE- -e CNI- -e flannel | ip6tables-restore || :; fi
  fi
fi

# keep SOURCE NAME
keep() {
  if ! [ -e "$1" ]; then return 0; fi
  step "keep $2 in $KEPT" || return 0
  (umask 077 && mkdir -p -- "$KEPT") || die 65 "$KEPT cannot be made"
  rm -rf -- "${KEPT:?}/$2"
  # The name may be a link into another disk: a move there is a copy.
  mv -- "$1" "$KEPT/$2" || die 65 "$1 cannot be kept in $KEPT; the rest was not removed"
}
if [ -z "$PURGE" ]; then
  last=''
  for file in "$DATA"/server/db/snapshots/*; do
    if [ -f "$file" ] && { [ -z "$last" ] || [ "$file" -nt "$last" ]; }; then last=$file; fi
  done
  if [ -n "$last" ]; then
    keep "$last" "${last##*/}"
  elif [ -f "$DATA/server/db/state.db" ]; then
    keep "$DATA/server/db" db
  fi
  keep "$DATA/server/token" server-token
  if [ -n "$(find "$DATA/storage" -mindepth 1 -maxdepth 1 -print -quit 2>/dev/null)" ]; then keep "$DATA/storage" storage; fi
else
  remove "$KEPT"
fi

for name in $SERVICES; do remove "$UNITS/$name.service"; done
if [ -n "$SERVICES" ] && [ -z "$DRY_RUN" ]; then service daemon-reload || :; fi
for name in kubectl crictl ctr; do
  if [ -L "$BIN/$name" ] && [ "$(readlink "$BIN/$name")" = k3s ]; then remove "$BIN/$name"; fi
done
remove "$ETC"
remove "$DATA"
if [ -z "$ROOTLESS" ]; then
  remove "$RUN"
  remove "$R/var/lib/kubelet"
fi
remove "$BIN/k3s"
remove "$BIN/k3s-uninstall.sh"
if [ -n "$FAILED" ]; then die 65 "not removed:$FAILED" "remove it by hand, or run it again"; fi
if [ -n "$DRY_RUN" ]; then exit 0; fi
if [ -d "$KEPT" ]; then say "k3s is gone; its last state is in $KEPT"; else say "k3s is gone"; fi
