# Which system this is, and the tools every builder needs. Sourced by setup.sh.
# shellcheck shell=bash disable=SC2154 # sysroot, dry_run and the settings come from setup.sh

# os_id, os_version, os_major, os_name, os_family (apt | dnf | unknown); the rebuilds of RHEL count as RHEL.
detect_os() {
  local file=$sysroot/etc/os-release
  os_id=unknown os_version='' os_name='this system' os_family=unknown
  if [ -r "$file" ]; then
    # shellcheck disable=SC1090
    os_id=$(. "$file" && printf %s "${ID-unknown}")
    # shellcheck disable=SC1090
    os_version=$(. "$file" && printf %s "${VERSION_ID-}")
    # shellcheck disable=SC1090
    os_name=$(. "$file" && printf %s "${PRETTY_NAME-$ID}")
  fi
  case $os_id in centos | rocky | almalinux | ol) os_id=rhel ;; esac
  os_major=${os_version%%.*}
  case $os_id-$os_major in
    ubuntu-* | debian-*) os_family=apt ;;
    rhel-8 | rhel-9 | rhel-10 | fedora-* | amzn-2023) os_family=dnf ;;
  esac
}

apt_get() {
  root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get -o DPkg::Lock::Timeout=600 -qq "$@" </dev/null >&2
}

# The lists are read once a run, and again after a repository was added.
lists_are_fresh=0
refresh_lists() {
  [ "$os_family" = apt ] || return 0
  [ "$lists_are_fresh" = 1 ] || try apt_get update || die 65 "apt-get update failed"
  lists_are_fresh=1
}
forget_lists() { lists_are_fresh=0; }

# install PACKAGE…: true when all are there.
install_packages() {
  say "installing $*"
  case $os_family in
    apt)
      refresh_lists
      try apt_get install -y "$@"
      ;;
    dnf) try root dnf -y -q install "$@" </dev/null >&2 ;;
    *) die 2 "$os_name: do not know how to install $* here; install them yourself and run the setup again" ;;
  esac
}

is_missing() { ! command -v "$1" >/dev/null; }

# Package that brings a tool, when it is not called like it.
package_of() {
  case $1-$os_family in
    newuidmap-apt) echo uidmap ;;
    newuidmap-dnf) echo shadow-utils ;;
    ssh-apt) echo openssh-client ;;
    curl-dnf) echo curl ;;
    gpg-apt) echo gnupg ;;
    gpg-dnf) echo gnupg2 ;;
    *) echo "$1" ;;
  esac
}

install_tools() {
  local tools='git rsync tmux' tool
  local -a packages=()
  [ "$GPU" = none ] && [ "$ENGINE-$os_id" != docker-rhel ] || tools="$tools curl gpg"
  for tool in $tools; do
    ! is_missing "$tool" || packages+=("$(package_of "$tool")")
  done
  [ ${#packages[@]} = 0 ] || install_packages "${packages[@]}" || die 65 "cannot install ${packages[*]}"
  case $ENGINE in
    podman) install_podman ;;
    docker) install_docker ;;
  esac
}

# With what makes it work without root (uidmap, fuse-overlayfs, …): on Debian and Ubuntu those are recommendations,
# which are installed, elsewhere dependencies.
install_podman() {
  local tool needed='podman newuidmap'
  local -a packages=()
  # Elsewhere than on Linux podman is in a virtual machine that brings the rest.
  [ "$(uname -s)" = Linux ] || needed=podman
  for tool in $needed; do
    ! is_missing "$tool" || packages+=("$(package_of "$tool")")
  done
  if [ ${#packages[@]} != 0 ]; then
    if [ "$os_id" = amzn ]; then
      # Amazon Linux has podman only in its supplementary repository, since 2023.9.20251117.
      install_packages spal-release || die 65 "no spal-release here: Amazon Linux 2023 has podman from release 2023.9.20251117 on (dnf check-release-update), or set engine: \"docker\""
    fi
    install_packages "${packages[@]}" || die 65 "cannot install ${packages[*]}$(subscription_hint)"
  fi
  # Handy, but no part of a build: an older Amazon Linux does without.
  for tool in buildah skopeo; do
    if [ "$os_family" = unknown ] || ! is_missing "$tool"; then continue; fi
    tries=1 install_packages "$tool" || warn "no package $tool for $os_name; builds work without it"
  done
}

install_docker() {
  if is_missing docker; then
    case $os_id in
      ubuntu) tries=1 install_packages docker.io docker-buildx || install_packages docker.io ;;
      debian) tries=1 install_packages docker.io docker-cli docker-buildx || install_packages docker.io ;;
      fedora) tries=1 install_packages moby-engine docker-cli docker-buildx || install_packages moby-engine ;;
      rhel)
        add_docker_repo
        install_packages docker-ce docker-ce-cli containerd.io docker-buildx-plugin
        ;;
      *) install_packages docker ;;
    esac || die 65 "cannot install docker$(subscription_hint)"
  fi
  ! has_systemd || root systemctl enable --now docker
  [ "$(id -u)" = 0 ] || id -nG | tr ' ' '\n' | grep -qx docker || root usermod -aG docker "$user"
}

# RHEL without a subscription has no repositories, and dnf only says that it found no package.
subscription_hint() {
  [ "$os_id" = rhel ] && command -v subscription-manager >/dev/null || return 0
  printf ': if this machine has no repositories (dnf repolist), register it: setup --rhsm-org ORG --rhsm-key-file FILE'
}

check_engine() {
  case $ENGINE in
    podman) podman info >/dev/null ;;
    # The group just given counts from the next session on.
    docker) docker info >/dev/null 2>&1 || root docker info >/dev/null ;;
  esac || die 65 "$ENGINE info fails; builder doctor says more"
}
