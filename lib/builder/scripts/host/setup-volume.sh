# The data volume: finds the EBS device by its volume id, makes a file system on it only when it is blank in every way
# one can look, and mounts it before anything is stored. Sourced by setup.sh.
# shellcheck shell=bash disable=SC2154 # sysroot, dry_run and the settings come from setup.sh

mount_data_volume() {
  local device type uuid
  if is_mounted "$DATA_MOUNT"; then
    say "data volume is at $DATA_MOUNT"
    return
  fi
  [ -n "$DATA_VOLUME_ID" ] || die 2 "nothing is mounted at $DATA_MOUNT, and no DATA_VOLUME_ID says what should be"
  device=$(find_volume)
  [ -n "$device" ] || die 65 "volume $DATA_VOLUME_ID is not attached to this machine (lsblk -o NAME,SERIAL)"
  type=$(file_system_of "$device")
  case $type in
    '')
      refuse_unless_blank "$device"
      say "making an ext4 file system on the blank volume $DATA_VOLUME_ID ($device)"
      root mkfs.ext4 -q -L gantry-data "$device" || die 65 "mkfs.ext4 $device failed"
      type=ext4
      ;;
    ext4 | xfs) ;;
    *) die 2 "volume $DATA_VOLUME_ID ($device) holds $type: nothing was changed; mount it at $DATA_MOUNT yourself, or empty it (wipefs) if its content is of no use" ;;
  esac
  uuid=$(root blkid -p -o value -s UUID "$device" || :)
  [ -n "$uuid" ] || [ "$dry_run" = 1 ] || die 65 "no UUID on $device"
  add_to_fstab "$uuid" "$type"
  ! holds_home || carry_home_over "$device"
  root mkdir -p "$DATA_MOUNT"
  # What is below already (images of a docker that ran before) would be hidden, and still be written to.
  [ "$DATA_MOUNT" != /var/lib/docker ] || ! has_systemd || root systemctl stop docker.socket docker.service 2>/dev/null || :
  root mount "$DATA_MOUNT" || die 65 "mount $DATA_MOUNT failed"
  # A fresh file system has no SELinux labels, and sshd may not read keys without.
  ! command -v restorecon >/dev/null || root restorecon -R "$DATA_MOUNT" >&2 || :
}

is_mounted() { awk -v at="$1" '$2 == at { found = 1 } END { exit !found }' "${GANTRY_PROC:-/proc}/mounts"; }

# An attachment can take a moment to show up.
find_volume() {
  local id=${DATA_VOLUME_ID//-/} left device
  for left in 9 8 7 6 5 4 3 2 1 0; do
    device=$sysroot/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_$id
    if [ -e "$device" ]; then
      readlink -f "$device"
      return
    fi
    device=$(lsblk -dnro NAME,SERIAL 2>/dev/null | awk -v id="$id" '$2 == id { print "/dev/" $1; exit }')
    if [ -n "$device" ]; then
      printf '%s\n' "$device"
      return
    fi
    [ "$left" = 0 ] || [ "$dry_run" = 1 ] || sleep "${GANTRY_RETRY_SECONDS:-3}"
  done
}

# Type of the file system, raid member, partition table, … on a device; empty when blkid knows of nothing. That is its
# exit code 2; any other failure (an ambivalent result, a device that cannot be read) must not pass for "nothing".
file_system_of() {
  local found code=0
  found=$(quiet_root blkid -p -o value -s TYPE "$1") || code=$?
  if [ -n "$found" ]; then
    printf '%s\n' "$found"
    return
  fi
  [ "$code" != 0 ] || found=$(quiet_root blkid -p -o value -s PTTYPE "$1") || code=$?
  if [ -n "$found" ]; then
    printf 'a partition table (%s)\n' "$found"
  elif [ "$code" = 0 ]; then
    printf 'something blkid knows\n'
  elif [ "$code" != 2 ]; then
    printf 'something blkid cannot tell (exit %s)\n' "$code"
  fi
}

# Looking is allowed in a dry run.
quiet_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

# Blank to blkid is not enough: it must have no partitions or holders, and begin with zeros, as a new volume does.
refuse_unless_blank() {
  local why=''
  if [ "$(lsblk -nro NAME "$1" 2>/dev/null | grep -c .)" -gt 1 ]; then
    why='has partitions or is in use'
  elif ! quiet_root cmp -s -n 1048576 "$1" /dev/zero; then
    why='does not begin with zeros'
  fi
  [ -z "$why" ] || die 2 "volume $DATA_VOLUME_ID ($1) $why: not formatted; if its content is of no use: sudo blkdiscard -z $1"
}

# nofail: a machine without its volume must still boot, or nobody can look at it.
add_to_fstab() {
  local fstab=$sysroot/etc/fstab other
  other=$(awk -v at="$DATA_MOUNT" '$1 !~ /^#/ && $2 == at { print $1; exit }' "$fstab" 2>/dev/null || :)
  [ "$other" != "UUID=$1" ] || return 0
  [ -z "$other" ] || die 2 "/etc/fstab mounts $other at $DATA_MOUNT, not this volume (UUID=$1): remove that line if it is of no use"
  {
    cat "$fstab" 2>/dev/null || :
    printf 'UUID=%s %s %s defaults,nofail,x-systemd.device-timeout=30 0 2\n' "$1" "$DATA_MOUNT" "$2"
  } | put_file 644 "$fstab"
  ! has_systemd || root systemctl daemon-reload
}

holds_home() { case $HOME/ in "$DATA_MOUNT"/*) return 0 ;; *) return 1 ;; esac }

# With the volume at /home it hides the home directory this very session logged in through. A new volume gets a copy of
# it; on one from an earlier machine the keys that may log in now are added to those of then.
carry_home_over() {
  local at=$sysroot/run/gantry-data inside
  inside=$at/${HOME#"$DATA_MOUNT"/}
  root mkdir -p "$at"
  root mount "$1" "$at" || die 65 "mount $1 failed"
  if [ -d "$inside" ] || [ "$dry_run" = 1 ]; then
    root install -d -m 700 -o "$user" "$inside/.ssh"
    if [ -s "$HOME/.ssh/authorized_keys" ]; then
      # shellcheck disable=SC2016 # for that shell to expand
      root sh -c 'touch "$2"; { echo; grep -vxFf "$2" "$1"; } >>"$2"; chown "$3": "$2" && chmod 600 "$2"' \
        sh "$HOME/.ssh/authorized_keys" "$inside/.ssh/authorized_keys" "$user"
    fi
  else
    say "copying $DATA_MOUNT to the volume"
    root cp -ax "$DATA_MOUNT/." "$at/" || {
      root umount "$at"
      die 65 "cannot copy $DATA_MOUNT to the volume"
    }
  fi
  root umount "$at"
}
