#!/usr/bin/env bash
# Looks over the builder from the inside and prints one line for each thing it looked at:
#   LEVEL<tab>CHECK<tab>WHAT<tab>REMEDY      LEVEL: ok | warning | error
# and `clock<tab>SECONDS<tab><tab>`, for the client to compare. Changes nothing.
set -uo pipefail

usage() {
  cat <<'TEXT'
Usage: doctor.sh [KEY=VALUE ...]

Settings: ENGINE REMOTE_ROOT GPU DRIVER DATA_HOLDS DATA_MOUNT IDLE_STOP_SECONDS MAX_AGE_SECONDS as for setup.sh,
  VERSION (what the setup's markers should say), MIN_FREE_GIB, KEEP_SNAPSHOTS, IMAGES.
Exit code: 0, whatever is found.
TEXT
}

sysroot=${GANTRY_SYSROOT-}
VERSION='' ENGINE=podman REMOTE_ROOT=development GPU=none DRIVER=none DATA_HOLDS='' DATA_MOUNT='' IDLE_STOP_SECONDS='' MAX_AGE_SECONDS=''
MIN_FREE_GIB=0 KEEP_SNAPSHOTS=5 IMAGES=''
for word in "$@"; do
  case $word in
    -h | --help)
      usage
      exit 0
      ;;
    VERSION=* | ENGINE=* | REMOTE_ROOT=* | GPU=* | DRIVER=* | DATA_HOLDS=* | DATA_MOUNT=* | IDLE_STOP_SECONDS=* | MAX_AGE_SECONDS=* | MIN_FREE_GIB=* | KEEP_SNAPSHOTS=* | IMAGES=*)
      printf -v "${word%%=*}" %s "${word#*=}"
      ;;
    *)
      usage >&2
      exit 2
      ;;
  esac
done

has() { command -v "$1" >/dev/null 2>&1; }
root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@" 2>/dev/null; fi; }
# finding LEVEL CHECK WHAT [REMEDY]
finding() { printf '%s\t%s\t%s\t%s\n' "$1" "$2" "${3//[$'\t\n']/ }" "${4-}"; }

check_tools() {
  local tool missing=''
  for tool in git rsync tmux; do has "$tool" || missing="$missing $tool"; done
  if [ -n "$missing" ]; then
    finding error host-tools "missing on the host:$missing" '@ setup'
  else
    finding ok host-tools "git, rsync, tmux"
  fi
}

check_setup() {
  local have there
  there=$(cat "$sysroot/var/lib/gantry/ready-$(id -un)" 2>/dev/null)
  have=$(cat "$HOME/.gantry/ready" 2>/dev/null)
  if [ -z "$VERSION" ]; then
    return
  elif [ -z "$have$there" ]; then
    finding warning setup "this machine was not set up by this program" '@ setup'
  elif [ "$have" != "$VERSION" ] || [ "$there" != "$VERSION" ]; then
    finding warning setup "setup is ${have:-unfinished}, this stack's is $VERSION" '@ setup'
  else
    finding ok setup "version $VERSION"
  fi
}

check_engine() {
  local error driver
  if ! has "$ENGINE"; then
    finding error engine "$ENGINE is not installed" '@ setup'
    return
  fi
  if ! error=$("$ENGINE" info 2>&1 >/dev/null); then
    error=$(printf '%s\n' "$error" | tail -n 1)
    case $ENGINE in
      podman) finding error engine "podman info fails: $error" 'on the host: podman info; podman system migrate' ;;
      docker) finding error engine "docker info fails: $error" 'on the host: sudo systemctl start docker; is the user in the group docker?' ;;
    esac
    return
  fi
  finding ok engine "$("$ENGINE" --version 2>/dev/null | head -n 1)"
  if [ "$ENGINE" = podman ]; then
    driver=$(podman info --format '{{.Store.GraphDriverName}}' 2>/dev/null)
  else
    driver=$(docker info --format '{{.Driver}}' 2>/dev/null)
  fi
  case $driver in
    overlay | overlay2 | overlayfs) finding ok storage "driver $driver" ;;
    *) finding warning storage "images are kept with the $driver driver, 2 to 3 times slower than overlay" \
      "on the host, and all images go: $ENGINE system reset; then: @ setup --force" ;;
  esac
}

image_directory() {
  case $ENGINE in
    podman) podman info --format '{{.Store.GraphRoot}}' 2>/dev/null ;;
    docker) docker info --format '{{.DockerRootDir}}' 2>/dev/null ;;
  esac
}

check_disk() {
  local dir name free percent seen=''
  for name in images snapshots; do
    case $name in images) dir=$(image_directory) ;; *) dir=$HOME/$REMOTE_ROOT ;; esac
    while [ -n "$dir" ] && [ ! -d "$dir" ]; do dir=${dir%/*}; done
    # Free, in use, and where it is mounted.
    # shellcheck disable=SC2046
    set -- $(df -Pk "${dir:-/}" 2>/dev/null | awk 'NR == 2 { print int($4 / 1048576), $5, $6 }')
    free=${1-} percent=${2-}
    [ -n "$free" ] || continue
    case $seen in *"|${3-}|"*) continue ;; esac
    seen="$seen|${3-}|"
    if [ "$free" -lt "$MIN_FREE_GIB" ]; then
      finding error "disk-$name" "$free GiB free at ${3-} ($percent used); builds want $MIN_FREE_GIB GiB" '@ prune, then @ prune --all'
    else
      finding ok "disk-$name" "$free GiB free at ${3-} ($percent used)"
    fi
    # Out of inodes looks like a full disk, with space left.
    percent=$(df -Pi "$dir" 2>/dev/null | awk 'NR == 2 { sub("%", "", $5); print $5 }')
    case $percent in '' | *[!0-9]*) ;; *) [ "$percent" -lt 95 ] || finding warning inodes "$percent% of the inodes at ${3-} are used" '@ prune' ;; esac
  done
}

check_data_volume() {
  local at=$DATA_MOUNT
  case $DATA_HOLDS-$ENGINE in home-*) at=${at:-/home} ;; storage-docker) at=${at:-/var/lib/docker} ;; storage-*) at=${at:-/var/lib/gantry/data} ;; esac
  [ -n "$at" ] || return 0
  if awk -v at="$at" '$2 == at { found = 1 } END { exit !found }' "${GANTRY_PROC:-/proc}/mounts"; then
    finding ok data-volume "mounted at $at"
  else
    finding error data-volume "the data volume is not mounted at $at" "on the host: sudo mount $at; or: @ setup --force"
  fi
}

# Every snapshot directory but `current`, which is a link.
check_snapshots() {
  local image dir count total=0 most=0 size
  for image in $IMAGES; do
    count=0
    for dir in "$HOME/$REMOTE_ROOT/$image"/*/; do
      [ -L "${dir%/}" ] || [ ! -d "$dir" ] || count=$((count + 1))
    done
    total=$((total + count))
    [ "$count" -le "$most" ] || most=$count
  done
  size=$(du -sk "$HOME/$REMOTE_ROOT" 2>/dev/null | awk '{ printf "%.1f MiB", $1 / 1024 }')
  if [ "$most" -gt "$KEEP_SNAPSHOTS" ]; then
    finding warning snapshots "$total snapshots, ${size:-no size}; up to $most of one image, $KEEP_SNAPSHOTS are kept" '@ prune'
  else
    finding ok snapshots "$total snapshots, ${size:-nothing}"
  fi
}

# A machine of AWS's own RHEL images has repositories without a registration (Red Hat Update Infrastructure).
check_subscription() {
  local id repos
  # shellcheck disable=SC1091
  id=$(. "$sysroot/etc/os-release" 2>/dev/null && printf %s "${ID-}")
  [ "$id" = rhel ] || return 0
  repos=$(dnf -q repolist --enabled 2>/dev/null | sed 1d | grep -c .)
  if [ "$repos" = 0 ]; then
    finding error repositories "dnf has no enabled repository" '@ setup --rhsm-org ORG --rhsm-key-file FILE'
  else
    finding ok repositories "$repos enabled"
  fi
  if root subscription-manager identity >/dev/null; then
    finding ok subscription "registered"
  elif dnf -q repolist --enabled 2>/dev/null | awk 'tolower($0) ~ /rhui/ { found = 1 } END { exit !found }'; then
    finding ok subscription "not registered; packages come from the cloud's own repositories (RHUI)"
  else
    finding warning subscription "not registered with Red Hat: builds that install RHEL packages fail" '@ setup --rhsm-org ORG --rhsm-key-file FILE'
  fi
}

check_gpu() {
  local found
  [ "$GPU" = nvidia ] || return 0
  if ! has nvidia-smi && [ "$DRIVER" != install ]; then
    finding error gpu "no NVIDIA driver (nvidia-smi is missing)" 'use a machine image that brings it, or install it on the host'
  elif ! has nvidia-smi; then
    finding error gpu "no NVIDIA driver (nvidia-smi is missing)" '@ setup --force'
  elif ! found=$(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>&1); then
    finding error gpu "nvidia-smi fails: $(printf '%s\n' "$found" | head -n 1)" 'restart the host: @ stop, then @ start'
  else
    finding ok gpu "$(printf '%s\n' "$found" | awk 'NR > 1 { printf "; " } { printf "%s", $0 }')"
  fi
  # GPUs behind NVSwitches (p4d, p5 …) compute nothing before NVIDIA's fabric manager has set the switches up.
  if [ -n "$(ls "${GANTRY_PROC:-/proc}/driver/nvidia-nvswitch/devices" 2>/dev/null)" ] \
    && ! systemctl is-active --quiet nvidia-fabricmanager 2>/dev/null; then
    finding error fabric "the GPUs are behind NVSwitches and nvidia-fabricmanager does not run: CUDA says 802, system not yet initialized" \
      'use a machine image that brings it (Ami.deepLearningBase), or install nvidia-fabricmanager in the version of the driver and enable it'
  fi
  if ! has nvidia-ctk; then
    finding error cdi "the NVIDIA container toolkit is missing" '@ setup --force'
  elif ! found=$(nvidia-ctk cdi list 2>/dev/null) || [[ $found != *nvidia.com/gpu* ]]; then
    finding error cdi "no CDI device: containers cannot use the GPU" 'on the host: sudo systemctl restart nvidia-cdi-refresh; or: @ setup --force'
  else
    finding ok cdi "$(printf '%s\n' "$found" | grep -c 'nvidia.com/gpu') devices"
  fi
}

check_idle_stop() {
  [ -n "$IDLE_STOP_SECONDS$MAX_AGE_SECONDS" ] || return 0
  local state
  state=$(systemctl is-active gantry-idle.timer 2>/dev/null)
  if [ "$state" != active ]; then
    finding warning idle-stop "the idle-stop timer is ${state:-not there}: this machine does not stop by itself" '@ setup --force'
    return
  fi
  if [ "$(systemctl is-failed gantry-idle.service 2>/dev/null)" = failed ]; then
    finding warning idle-stop "the idle check fails" 'on the host: journalctl -u gantry-idle'
    return
  fi
  state=$(IDLE_STOP_SECONDS=$IDLE_STOP_SECONDS MAX_AGE_SECONDS=$MAX_AGE_SECONDS \
    bash "$(dirname "${BASH_SOURCE[0]}")/idle-check.sh" --status 2>/dev/null | awk 'NR > 1 { printf "; " } { printf "%s", $0 }')
  finding ok idle-stop "timer runs; now: $state"
}

check_tools
check_setup
check_engine
check_disk
check_data_volume
check_snapshots
check_subscription
check_gpu
check_idle_stop
printf 'clock\t%s\t\t\n' "$(date +%s)"
