#!/usr/bin/env bash
# Installs k3s on this host, as the stack says: k3s.env, config.yaml, registries.yaml beside it. The one thing that comes from the
# network is k3s' own program, by its sha256; there is no script of others in it. What is as it should be is left alone, so it can
# be run again at any time. It travels alone to hosts, without the other programs of the stack.
set -euo pipefail

PROGRAM=${0##*/}
HERE=$(cd -- "$(dirname -- "$0")" && pwd -P)

usage() {
  cat <<TEXT
Usage: $PROGRAM [--node NAME] [--registration ADDRESS] [--san ADDRESS] [--yes] [--dry-run]
       $PROGRAM --put server-token|agent-token|s3 <FILE
       $PROGRAM --get server-join|agent-join|agent-secret

Installs k3s on this host, or brings it to what the stack says, and starts it. Nothing happens to what is so already: k3s is
restarted only when it, its configuration or its service has changed.

  --node NAME             which node of the cluster this host is (default: the first server)
  --registration ADDRESS  where to join, when the stack could not know it
  --san ADDRESS           one more name or address in the API's certificate, when the stack could not know it
  --yes                   also go back to an older k3s, or leave out a minor of Kubernetes
  --put WHAT              put a token, or the S3 credentials, from standard input where k3s reads it; mode 0600
  --get WHAT              print a token for another node; never to a terminal
  --dry-run               say what would be done

Environment: K3S_RELEASES, where releases are downloaded from (the sha256 decides, not the place); GANTRY_ROOT, a directory that
stands for / when a file tree is prepared.

Exit codes: 0 done or nothing to do, 2 usage or a host that cannot be set up, 65 a wrong checksum or k3s does not come up,
69 the download failed, 75 another run is at work, 77 it wants a --yes.
TEXT
}

say() { printf '%s\n' "$*"; }
note() { printf '%s\n' "$*" >&2; }
warn() { printf '%s: warning: %s\n' "$PROGRAM" "$*" >&2; }
die() {
  printf '%s: %s\n' "$PROGRAM" "$2" >&2
  if [ -n "${3:-}" ]; then printf '  %s\n' "${3//$'\n'/$'\n  '}" >&2; fi
  exit "$1"
}
has() { type -P "$1" >/dev/null 2>&1; }

# --- arguments and settings -----------------------------------------------------------------------------------------

NODE='' REGISTRATION='' SAN='' YES='' DRY_RUN='' PUT='' GET=''
while [ $# -gt 0 ]; do
  case $1 in
    --node | --registration | --san | --put | --get)
      [ $# -ge 2 ] || die 2 "$1 needs a value" "see: $PROGRAM --help"
      case $1 in
        --node) NODE=$2 ;;
        --registration) REGISTRATION=$2 ;;
        --san) SAN=$2 ;;
        --put) PUT=$2 ;;
        --get) GET=$2 ;;
      esac
      shift
      ;;
    --yes | -y) YES=1 ;;
    --dry-run) DRY_RUN=1 ;;
    --help | -h)
      usage
      exit 0
      ;;
    *) die 2 "unknown argument: $1" "see: $PROGRAM --help" ;;
  esac
  shift
done
for address in "$REGISTRATION" "$SAN"; do
  case $address in *[!A-Za-z0-9.:-]*) die 2 "got $address; allowed: a host name or an IP address" ;; esac
done

[ -r "$HERE/k3s.env" ] || die 2 "$HERE/k3s.env is missing" "it is generated beside this program: synthesize the stack again"
CLUSTER='' K3S_VERSION='' ROOTLESS='' AIRGAP='' DATASTORE=sqlite S3='' NODE_COUNT=0
# shellcheck source=/dev/null
. "$HERE/k3s.env"

# find_node: NODE, ROLE, ARCH, CONFIG, MEMORY_MIB, FIRST.
find_node() {
  local i name role arch config memory names=''
  for ((i = 1; i <= NODE_COUNT; i++)); do
    name=NODE_${i}_NAME role=NODE_${i}_ROLE arch=NODE_${i}_ARCH config=NODE_${i}_CONFIG memory=NODE_${i}_MEMORY_MIB
    names="$names ${!name}"
    if [ -n "$NODE" ] && [ "$NODE" != "${!name}" ]; then continue; fi
    NODE=${!name} ROLE=${!role} ARCH=${!arch} CONFIG=$HERE/${!config} MEMORY_MIB=${!memory} FIRST=''
    [ "$i" -ne 1 ] || FIRST=1
    return
  done
  die 2 "the cluster $CLUSTER has no node $NODE" "it has:$names"
}
find_node

R=${GANTRY_ROOT:-}
if [ -n "$ROOTLESS" ]; then
  BIN=$HOME/.local/bin ETC=$HOME/.config/k3s UNITS=$HOME/.config/systemd/user DATA=$HOME/.rancher/k3s SERVICE=k3s-rootless
  KUBECONFIG_FILE=$HOME/.kube/k3s.yaml
else
  BIN=$R/usr/local/bin ETC=$R/etc/rancher/k3s UNITS=$R/etc/systemd/system DATA=$R/var/lib/rancher/k3s SERVICE=k3s
  KUBECONFIG_FILE=$ETC/k3s.yaml
  [ "$ROLE" = server ] || SERVICE=k3s-agent
fi
UNIT=$UNITS/$SERVICE.service
APPLIED=$ETC/.gantry-applied
case $ARCH in arm64) ASSET=k3s-arm64 ;; *) ASSET=k3s ;; esac
IMAGES_ASSET=k3s-airgap-images-$ARCH.tar.zst
pin=K3S_SHA256_$(printf '%s' "$ARCH" | tr '[:lower:]' '[:upper:]')
PIN=${!pin:-}
images_pin=AIRGAP_${pin#K3S_}
IMAGES_PIN=${!images_pin:-}

# --- tokens ---------------------------------------------------------------------------------------------------------

need_root() {
  if [ -n "$ROOTLESS" ]; then
    [ "$(id -u)" -ne 0 ] || die 2 "the cluster $CLUSTER runs without root" "run it as the user that k3s is to run as, without sudo"
  elif [ -z "$R" ] && [ "$(id -u)" -ne 0 ]; then
    die 2 "it must run as root" "sudo $0"
  fi
}

# put_secret FILE: standard input, whole or not at all, for root alone.
put_secret() (
  umask 077
  mkdir -p -- "$ETC"
  cat >"$1.new"
  [ -s "$1.new" ] || {
    rm -f -- "$1.new"
    die 2 "standard input is empty" "nothing was changed"
  }
  mv -f -- "$1.new" "$1"
)

if [ -n "$PUT" ]; then
  need_root
  case $PUT in
    server-token | agent-token) put_secret "$ETC/$PUT" ;;
    s3) put_secret "$ETC/etcd-s3.env" ;;
    *) die 2 "--put: got $PUT; allowed: server-token, agent-token, s3" ;;
  esac
  exit 0
fi

# With its hash of the cluster's CA, a token also tells the joining node whom it may talk to.
if [ -n "$GET" ]; then
  need_root
  if [ -t 1 ]; then die 2 "--get prints a secret, and standard output is a terminal" "send it on: … | $PROGRAM --put …"; fi
  case $GET in
    server-join) file=$DATA/server/token ;;
    agent-join) file=$DATA/server/agent-token ;;
    agent-secret) file=$ETC/agent-token ;;
    *) die 2 "--get: got $GET; allowed: server-join, agent-join, agent-secret" ;;
  esac
  [ -r "$file" ] || die 2 "there is no $file" "k3s makes it when the first server starts: install that one first"
  cat -- "$file"
  exit 0
fi

# password_of FILE: prints the password in a token that k3s wrote, K10<hash>::<user>:<password>.
password_of() {
  local token
  IFS= read -r token <"$1" || [ -n "$token" ]
  printf '%s\n' "${token##*:}"
}

random_password() { od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n'; }

# The first server makes the tokens; a cluster that is there already keeps its own, which its data is encrypted with.
tokens() {
  local name kind
  [ -z "$ROOTLESS" ] || return 0
  for name in server-token agent-token; do
    if [ "$ROLE" = agent ] && [ "$name" = server-token ]; then continue; fi
    [ ! -s "$ETC/$name" ] || continue
    kind=$DATA/server/agent-token
    [ "$name" = agent-token ] || kind=$DATA/server/token
    if [ -z "$FIRST" ]; then
      [ -z "$DRY_RUN" ] || {
        plan "wants $ETC/$name, which the first server has" || :
        continue
      }
      die 2 "$NODE joins a cluster and has no $ETC/$name" \
        "the stack's program brings it: bin/cluster install
or by hand, from the first server: install.sh --get … | install.sh --node $NODE --put $name"
    fi
    if [ -r "$kind" ]; then
      plan "keep the cluster's own token, in $ETC/$name" || continue
      password_of "$kind" | put_secret "$ETC/$name"
    else
      plan "make $ETC/$name, 32 random bytes, mode 0600" || continue
      random_password | put_secret "$ETC/$name"
    fi
  done
}

# --- what is to be done ---------------------------------------------------------------------------------------------

# plan TEXT: says what is done now; fails in a dry run, so that it is not.
CHANGES=0
plan() {
  CHANGES=$((CHANGES + 1))
  if [ -n "$DRY_RUN" ]; then
    say "would $*"
    return 1
  fi
  note "$*"
}

sha_of() {
  local sum
  sum=$(sha256sum -- "$1") || return 1
  printf '%s' "${sum%% *}"
}

# put_file SOURCE TARGET MODE: whole or not at all, when it differs.
put_file() {
  if [ -f "$2" ] && cmp -s -- "$1" "$2"; then
    return 0
  fi
  plan "write $2" || return 0
  mkdir -p -- "$(dirname -- "$2")"
  cp -- "$1" "$2.new"
  chmod "$3" "$2.new"
  mv -f -- "$2.new" "$2"
}

# get_asset NAME SHA256 TARGET: from the airgap directory, or the network.
get_asset() {
  local url sum
  if [ -n "$AIRGAP" ]; then
    [ -r "$HERE/airgap/$1" ] || die 2 "$HERE/airgap/$1 is missing" \
      "download it where there is a network, from the release $K3S_VERSION of k3s; its sha256 is $2"
    cp -- "$HERE/airgap/$1" "$3"
  else
    url=${K3S_RELEASES:-https://github.com/k3s-io/k3s/releases/download}/${K3S_VERSION/+/%2B}/$1
    if has curl; then
      curl -fsSL --retry 3 --connect-timeout 20 -o "$3" "$url"
    elif has wget; then
      wget -q -O "$3" "$url"
    else
      die 2 "neither curl nor wget is there" "install one of them"
    fi || {
      rm -f -- "$3"
      die 69 "$url cannot be downloaded" "without a network: set airgap in the stack, or K3S_RELEASES to a mirror"
    }
  fi
  sum=$(sha_of "$3")
  [ "$sum" = "$2" ] || {
    rm -f -- "$3"
    die 65 "$1 of $K3S_VERSION is not the one the stack names; nothing was changed" "its sha256 is  $sum
the stack says $2"
  }
}

binary() {
  local new=$BIN/.k3s.new.$$
  [ -n "$PIN" ] || die 2 "the stack has no sha256 of $ASSET for $K3S_VERSION" "give it in K3sVersion.pinned(…)"
  if [ -f "$BIN/k3s" ] && [ "$(sha_of "$BIN/k3s")" = "$PIN" ]; then return 0; fi
  plan "put k3s $K3S_VERSION ($ARCH) at $BIN/k3s" || return 0
  mkdir -p -- "$BIN"
  TRASH=$new
  get_asset "$ASSET" "$PIN" "$new"
  chmod 755 "$new"
  before_upgrade
  mv -f -- "$new" "$BIN/k3s"
  TRASH=''
}

airgap_images() {
  local target=$DATA/agent/images/$IMAGES_ASSET
  [ -n "$AIRGAP" ] || return 0
  if [ -f "$target" ] && [ "$(sha_of "$target")" = "$IMAGES_PIN" ]; then return 0; fi
  plan "put the images of $K3S_VERSION at $target" || return 0
  mkdir -p -- "${target%/*}"
  TRASH=$target.new
  get_asset "$IMAGES_ASSET" "$IMAGES_PIN" "$target.new"
  mv -f -- "$target.new" "$target"
  TRASH=''
}

# version_key VERSION: REPLY = a number that grows with it, or nothing.
version_key() {
  REPLY=''
  [[ $1 =~ ^v([0-9]+)\.([0-9]+)\.([0-9]+)\+k3s([0-9]+)$ ]] || return 0
  REPLY=$((((BASH_REMATCH[1] * 1000 + BASH_REMATCH[2]) * 1000 + BASH_REMATCH[3]) * 1000 + BASH_REMATCH[4]))
}

# installed: INSTALLED = the version that is there, or nothing.
installed() {
  INSTALLED=''
  if ! [ -x "$BIN/k3s" ]; then return 0; fi
  INSTALLED=$("$BIN/k3s" --version 2>/dev/null | awk 'NR == 1 && $1 == "k3s" { print $3 }') || INSTALLED=''
}

# An older k3s may not read what a newer one wrote, and Kubernetes goes up one minor at a time.
version_change() {
  local from to
  if [ -z "$INSTALLED" ] || [ "$INSTALLED" = "$K3S_VERSION" ]; then return 0; fi
  version_key "$INSTALLED" && from=$REPLY
  version_key "$K3S_VERSION" && to=$REPLY
  if [ -z "$from" ] || [ -z "$to" ] || [ -n "$YES" ]; then return 0; fi
  if [ "$to" -lt "$from" ]; then
    die 77 "$INSTALLED is here, and the stack says $K3S_VERSION, which is older: it may not read what is there" \
      "say it with --yes, with a snapshot from before at hand"
  fi
  if [ $((to / 1000000 - from / 1000000)) -gt 1 ]; then
    die 77 "from $INSTALLED to $K3S_VERSION a minor of Kubernetes is left out, which it does not support" \
      "go through each minor, or say it with --yes"
  fi
}

# k3s' service gets them from systemd; a command gets them here.
s3_credentials() {
  local line
  [ -r "$ETC/etcd-s3.env" ] || return 0
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in AWS_ACCESS_KEY_ID=* | AWS_SECRET_ACCESS_KEY=* | AWS_SESSION_TOKEN=*) export "${line?}" ;; esac
  done <"$ETC/etcd-s3.env"
}

# What the datastore has is kept before another version opens it.
before_upgrade() {
  local copy
  if [ -z "$INSTALLED" ] || [ "$ROLE" != server ] || ! [ -d "$DATA/server/db" ]; then return 0; fi
  if [ "$DATASTORE" = etcd ]; then
    if service is-active --quiet "$SERVICE"; then
      note "taking a snapshot of etcd before the upgrade"
      s3_credentials
      "$BIN/k3s" etcd-snapshot save --name "before-${K3S_VERSION/+/-}" >&2 || die 65 "no snapshot could be taken; nothing was changed" \
        "see: journalctl -u $SERVICE"
    fi
    return
  fi
  copy=$DATA/server/db.before-${K3S_VERSION/+/-}
  [ ! -e "$copy" ] || return 0
  note "copying the datastore to $copy before the upgrade"
  service stop "$SERVICE" || :
  cp -Rp -- "$DATA/server/db" "$copy.new"
  mv -- "$copy.new" "$copy"
}

service() {
  if [ -n "$ROOTLESS" ]; then systemctl --user "$@"; else systemctl "$@"; fi
}

unit_text() {
  local type=notify start environment='' home
  home=${BIN#"$R"}
  start="$home/k3s $ROLE"
  [ "$ROLE" = server ] || type='exec'
  if [ -n "$ROOTLESS" ]; then
    start="$BIN/k3s server --rootless --config $ETC/config.yaml --private-registry $ETC/registries.yaml"
  elif [ -n "$S3" ] && [ "$ROLE" = server ]; then
    environment='EnvironmentFile=-/etc/rancher/k3s/etcd-s3.env
'
  fi
  cat <<TEXT
# Written by the install program of the cluster $CLUSTER.
[Unit]
Description=k3s, $ROLE $NODE of the cluster $CLUSTER
Documentation=https://docs.k3s.io
Wants=network-online.target
After=network-online.target

[Service]
Type=$type
${environment}KillMode=$(if [ -n "$ROOTLESS" ]; then printf mixed; else printf process; fi)
Delegate=yes
LimitNOFILE=1048576
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
TimeoutStartSec=0
Restart=always
RestartSec=5s
$(if [ -z "$ROOTLESS" ]; then printf '%s\n' 'ExecStartPre=-/sbin/modprobe br_netfilter' 'ExecStartPre=-/sbin/modprobe overlay'; else printf '%s' 'Environment=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'; fi)
ExecStart=$start

[Install]
WantedBy=$(if [ -n "$ROOTLESS" ]; then printf default.target; else printf multi-user.target; fi)
TEXT
}

# Addresses that only Terraform knew. k3s reads this directory after the file; a plus adds to the list there.
address_text() {
  local address=$REGISTRATION
  case $address in *:*) address="[$address]" ;; esac
  if [ -n "$REGISTRATION" ] && [ -z "$FIRST" ]; then printf 'server: "https://%s:6443"\n' "$address"; fi
  if [ "$ROLE" = server ]; then
    printf 'tls-san+:\n'
    if [ -n "$REGISTRATION" ]; then printf '  - "%s"\n' "$REGISTRATION"; fi
    if [ -n "$SAN" ] && [ "$SAN" != "$REGISTRATION" ]; then printf '  - "%s"\n' "$SAN"; fi
  fi
}

links() {
  local name
  for name in kubectl crictl ctr; do
    if [ -e "$BIN/$name" ] || [ -L "$BIN/$name" ]; then continue; fi
    if [ -z "$R" ] && has "$name"; then continue; fi
    plan "make $name a link to k3s" || continue
    ln -s k3s "$BIN/$name"
  done
}

# --- the host -------------------------------------------------------------------------------------------------------

host_checks() {
  local machine total
  machine=$(uname -m)
  case $machine in x86_64) machine=amd64 ;; aarch64) machine=arm64 ;; esac
  [ "$(uname -s)" = Linux ] || die 2 "k3s runs on Linux; this is $(uname -s)" "in containers: K3sTarget.k3d()"
  [ "$machine" = "$ARCH" ] || die 2 "this host is $machine, and $NODE is $ARCH in the stack" "is it the right host? else set arch of the node"
  has sha256sum || die 2 "sha256sum is missing" "install coreutils"
  if ! has systemctl || { [ -z "$R" ] && [ -z "$ROOTLESS" ] && ! [ -d /run/systemd/system ]; }; then
    die 2 "systemd does not run here" "k3s is set up as its service; with OpenRC, follow k3s' own documentation"
  fi
  [ -r "$CONFIG" ] || die 2 "$CONFIG is missing" "synthesize the stack again"
  [ -z "$R" ] || return 0
  if [ -r /sys/fs/cgroup/cgroup.controllers ] && ! grep -qw memory /sys/fs/cgroup/cgroup.controllers; then
    die 2 "the kernel does not limit memory of groups" "add to its command line: cgroup_memory=1 cgroup_enable=memory; then restart"
  fi
  total=$(awk '$1 == "MemTotal:" { print int($2 / 1024) }' /proc/meminfo)
  if [ $((total * 100)) -lt $((MEMORY_MIB * 88)) ]; then
    warn "the stack says $NODE has $MEMORY_MIB MiB of memory; it has $total, and pods that fit by the stack may not fit here"
  fi
  if has getenforce && [ "$(getenforce)" = Enforcing ] && ! [ -e /usr/share/selinux/packages/k3s.pp ]; then
    warn "SELinux is enforcing, and k3s' rules are not there: install k3s-selinux"
  fi
  if has systemctl && systemctl is-active --quiet firewalld 2>/dev/null; then
    warn "firewalld is active: pods reach each other only when it lets the pods' and services' addresses through"
  fi
  if [ -n "$ROOTLESS" ]; then
    has newuidmap || die 2 "newuidmap is missing" "install uidmap (Debian) or shadow-utils (Fedora)"
    grep -q "^$(id -un):" /etc/subuid || die 2 "$(id -un) has no range in /etc/subuid" "sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $(id -un)"
  fi
}

wait_ready() {
  local left=${GANTRY_WAIT_TRIES:-150}
  note "waiting for k3s"
  while [ "$left" -gt 0 ]; do
    if service is-active --quiet "$SERVICE" && ready; then return 0; fi
    left=$((left - 1))
    sleep "${GANTRY_WAIT_SECONDS:-2}"
  done
  if has journalctl; then
    if [ -n "$ROOTLESS" ]; then journalctl --user -u "$SERVICE" -n 20 --no-pager >&2 || :; else journalctl -u "$SERVICE" -n 20 --no-pager >&2 || :; fi
  fi
  die 65 "k3s does not come up" "see: journalctl -u $SERVICE; after a change of the stack, run $PROGRAM again"
}

ready() {
  if [ "$ROLE" = agent ]; then
    [ -e "$DATA/agent/kubelet.kubeconfig" ]
  else
    KUBECONFIG=$KUBECONFIG_FILE "$BIN/k3s" kubectl get --raw /readyz >/dev/null 2>&1 \
      && KUBECONFIG=$KUBECONFIG_FILE "$BIN/k3s" kubectl get node "$NODE" >/dev/null 2>&1
  fi
}

# --- all of it ------------------------------------------------------------------------------------------------------

TRASH='' WORK=''
clean_up() {
  if [ -n "$TRASH" ]; then rm -f -- "$TRASH"; fi
  if [ -n "$WORK" ]; then rm -rf -- "$WORK"; fi
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

[ -n "$DRY_RUN" ] || need_root
host_checks
if [ -z "$DRY_RUN" ]; then
  mkdir -p -- "$ETC"
  exec 9>"$ETC/.gantry-lock"
  if has flock && ! flock -n 9; then die 75 "another run of $PROGRAM is at work here" "wait for it"; fi
fi
if [ -z "$FIRST" ] && [ -z "$REGISTRATION" ] && ! grep -q '^server:' "$CONFIG"; then
  die 2 "$NODE has to be told where to join" "$PROGRAM --node $NODE --registration ADDRESS (bin/cluster install does it)"
fi
WORK=$(mktemp -d)
installed
version_change
tokens
binary
airgap_images
if [ -z "$ROOTLESS" ]; then links; fi
put_file "$CONFIG" "$ETC/config.yaml" 600
put_file "$HERE/registries.yaml" "$ETC/registries.yaml" 600
dropin=$ETC/config.yaml.d/50-addresses.yaml
if [ -n "$REGISTRATION$SAN" ]; then
  address_text >"$WORK/addresses"
  put_file "$WORK/addresses" "$dropin" 600
elif [ -e "$dropin" ] && plan "remove $dropin"; then
  rm -f -- "$dropin"
fi
unit_text >"$WORK/unit"
put_file "$WORK/unit" "$UNIT" 644
put_file "$HERE/uninstall.sh" "$BIN/k3s-uninstall.sh" 755

# What k3s was last started with: a run that was cut off before the restart is finished by the next one.
wanted=$({
  printf '%s\n' "$PIN"
  cat -- "$CONFIG" "$HERE/registries.yaml" "$WORK/unit" "$WORK/addresses" "$ETC/etcd-s3.env" "$ETC/server-token" "$ETC/agent-token" 2>/dev/null || :
} | sha256sum)
wanted=${wanted%% *}
applied=''
if [ -r "$APPLIED" ]; then read -r applied <"$APPLIED" || :; fi
verb=''
if ! service is-active --quiet "$SERVICE"; then
  verb=start
elif [ "$applied" != "$wanted" ]; then
  verb=restart
fi
if [ -n "$verb" ] && plan "$verb $SERVICE"; then
  service daemon-reload
  service enable "$SERVICE" >/dev/null 2>&1 || die 65 "$SERVICE cannot be enabled" "see: systemctl status $SERVICE"
  [ "$verb" = start ] || service stop "$SERVICE" || die 65 "$SERVICE cannot be stopped" "see: systemctl status $SERVICE"
  # Not waiting here: a server of several is up only when enough of the others are, and systemd would wait for ever.
  service start --no-block "$SERVICE" || die 65 "$SERVICE does not start" "see: journalctl -u $SERVICE"
  wait_ready
  printf '%s\n' "$wanted" >"$APPLIED.new"
  mv -f -- "$APPLIED.new" "$APPLIED"
fi
if [ "$CHANGES" -eq 0 ]; then
  say "$NODE: k3s $K3S_VERSION runs as the stack says"
elif [ -z "$DRY_RUN" ]; then
  say "$NODE: k3s $K3S_VERSION is installed and runs"
fi
