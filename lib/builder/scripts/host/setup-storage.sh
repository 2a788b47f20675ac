# Where podman keeps images, settled before its first run: it writes the driver into a database then and stays with it,
# and its default without root can be vfs, which copies every layer whole. Sourced by setup.sh.
# shellcheck shell=bash disable=SC2154 # sysroot, dry_run and the settings come from setup.sh

configure_storage() {
  [ "$ENGINE" = podman ] && [ "$(uname -s)" = Linux ] || return 0
  local config store=$HOME/.local/share/containers/storage wanted='' old
  if [ "$(id -u)" = 0 ]; then
    config=$sysroot/etc/containers/storage.conf
    store=$sysroot/var/lib/containers/storage
  else
    config=$HOME/.config/containers/storage.conf
    add_subordinate_ids
  fi
  # Images belong on the data volume; a volume at /home has them anyway.
  if [ -n "$DATA_MOUNT" ] && ! holds_home; then wanted=$DATA_MOUNT/$user/storage; fi

  old=$(store_driver "$store")
  if [ -n "$old" ]; then
    [ "$old" = overlay ] || warn "images here are kept with the $old driver, 2 to 3 times slower than overlay; a store never changes its driver: podman system reset removes all images and containers, then run setup --force"
    [ -z "$wanted" ] || [ "$(configured graphroot "$config")" = "$wanted" ] \
      || warn "images are in $store already, not on the data volume; podman system reset removes them, then run setup --force"
    return 0
  fi
  if [ -e "$config" ] && [ -n "$(configured driver "$config")" ]; then
    [ "$(configured driver "$config")" = overlay ] || warn "$config asks for the $(configured driver "$config") driver; overlay is faster"
    [ -z "$wanted" ] || [ "$(configured graphroot "$config")" = "$wanted" ] \
      || warn "$config does not put images on the data volume (graphroot = \"$wanted\")"
    return 0
  fi
  say "images with the overlay driver in ${wanted:-$store}"
  [ -z "$wanted" ] || {
    root install -d -m 755 -o "$user" "$DATA_MOUNT/$user"
    root install -d -m 700 -o "$user" "$wanted"
    label_store "$store" "$wanted"
  }
  [ "$dry_run" = 0 ] || return 0
  if [ "$(id -u)" = 0 ]; then
    storage_conf "$wanted" /run/containers/storage "${wanted:-/var/lib/containers/storage}" | put_file 644 "$config"
  else
    mkdir -p "$(dirname "$config")"
    storage_conf "$wanted" >"$config.new"
    mv -f "$config.new" "$config"
  fi
}

# storage_conf GRAPHROOT [RUNROOT GRAPHROOT]: as root, podman wants both roots in the file.
storage_conf() {
  printf '[storage]\ndriver = "overlay"\n'
  if [ $# -gt 1 ]; then
    printf 'runroot = "%s"\ngraphroot = "%s"\n' "$2" "$3"
  elif [ -n "$1" ]; then
    printf 'graphroot = "%s"\n' "$1"
  fi
}

# configured KEY FILE: value of a setting of a storage.conf
configured() { sed -n "s/^[[:space:]]*$1[[:space:]]*=[[:space:]]*\"\\(.*\\)\".*/\\1/p" "$2" 2>/dev/null | head -n 1; }

# Driver of a store that has been used, or nothing.
store_driver() {
  local dir
  for dir in "$1"/*-images; do
    [ -d "$dir" ] || continue
    dir=${dir##*/}
    printf '%s\n' "${dir%-images}"
    return
  done
}

# SELinux labels by path: elsewhere than at home, containers could not read their images.
label_store() {
  command -v getenforce >/dev/null && [ "$(getenforce)" != Disabled ] || return 0
  command -v semanage >/dev/null || install_packages policycoreutils-python-utils || :
  root semanage fcontext -a -e "$1" "$2" || warn "semanage failed: containers may not be able to read $2"
  root restorecon -R "$2" || :
}

# Ids for the users inside containers. useradd gives them to new users, a directory service or an old image may not.
add_subordinate_ids() {
  local kind first
  local -a flags=()
  for kind in uid gid; do
    ! grep -qE "^($user|$(id -u)):" "$sysroot/etc/sub$kind" 2>/dev/null || continue
    # Behind all ranges that are taken.
    first=$(awk -F: '{ end = $2 + $3 } end > next_free { next_free = end } END { print (next_free < 524288) ? 524288 : next_free }' \
      "$sysroot/etc/subuid" "$sysroot/etc/subgid" 2>/dev/null || :)
    flags+=("--add-sub${kind}s" "${first:-524288}-$((${first:-524288} + 65535))")
  done
  [ ${#flags[@]} = 0 ] || root usermod "${flags[@]}" "$user"
}
