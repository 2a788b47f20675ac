# Package repositories of others, each with a signing key that is pinned here. Sourced by setup.sh.
#
# A key is downloaded over https and taken only when its fingerprint is the one below; packages are then checked against
# it by the package manager. Fingerprints were compared in several independent places; where only the digest of the key
# file is published (NVIDIA's key for RHEL 10: its CUDA images check that one), the digest is pinned.
# shellcheck shell=bash disable=SC2154 # sysroot comes from setup.sh

readonly nvidia_cuda=https://developer.download.nvidia.com/compute/cuda/repos
readonly nvidia_toolkit=https://nvidia.github.io/libnvidia-container

# fetch_key URL PIN PATH: PIN is `fpr:<40 hex digits>` or `sha256:<64 hex digits of the file without its Version line>`.
fetch_key() {
  local url=$1 pin=$2 path=$3 file got
  [ "$dry_run" = 0 ] || {
    printf '+ fetch %s (%s) to %s\n' "$url" "$pin" "$path" >&2
    return
  }
  file=$(mktemp)
  try curl --proto '=https' -fsSL --retry 3 -o "$file" "$url" || die 65 "cannot download $url"
  case $pin in
    fpr:*) got=fpr:$(gpg --batch --show-keys --with-colons "$file" 2>/dev/null | awk -F: '$1 == "fpr" { print $10; exit }') ;;
    *) got=sha256:$(sed '/^Version/d' "$file" | sha256sum | cut -d' ' -f1) ;;
  esac
  [ "$got" = "$pin" ] || die 65 "the key at $url is $got, not $pin: not installed"
  put_file 644 "$path" <"$file"
  rm -f "$file"
}

# add_apt_repo NAME URL SUITE KEY_URL PIN
add_apt_repo() {
  local key=$sysroot/etc/apt/keyrings/$1.asc
  fetch_key "$4" "$5" "$key"
  printf 'deb [signed-by=%s arch=%s] %s %s\n' "${key#"$sysroot"}" "$(deb_arch)" "$2" "$3" \
    | put_file 644 "$sysroot/etc/apt/sources.list.d/$1.list"
}

# add_dnf_repo NAME URL KEY_URL PIN [LINE…]: more lines for the section, such as includepkgs=.
add_dnf_repo() {
  local name=$1 url=$2 key=$sysroot/etc/pki/rpm-gpg/RPM-GPG-KEY-$1 how=baseurl
  fetch_key "$3" "$4" "$key"
  shift 4
  case $url in */metalink*) how=metalink ;; esac
  {
    printf '[%s]\nname=%s\n%s=%s\nenabled=1\ngpgkey=file://%s\n' "$name" "$name" "$how" "$url" "${key#"$sysroot"}"
    if [ $# -gt 0 ]; then printf '%s\n' "$@"; else printf 'gpgcheck=1\n'; fi
  } | put_file 644 "$sysroot/etc/yum.repos.d/$name.repo"
}

deb_arch() { case $(uname -m) in aarch64) echo arm64 ;; *) echo amd64 ;; esac }
# NVIDIA's name for the architecture: servers with arm are "sbsa".
nvidia_arch() { case $(uname -m) in aarch64) echo sbsa ;; *) echo x86_64 ;; esac }

# NVIDIA's driver repository of this distribution. Its signing key differs from one to the next.
add_nvidia_driver_repo() {
  local name pin key
  case $os_id-$os_version in
    ubuntu-22.04 | ubuntu-24.04 | debian-12*)
      key=3bf863cc.pub pin=fpr:EB693B3035CD5710E231E123A4B469963BF863CC
      name=$os_id${os_version//./}
      ;;
    rhel-[89]*) key=D42D0685.pub pin=fpr:610C7B14E068A878070DA4E99CD0A493D42D0685 name=rhel$os_major ;;
    rhel-10*) key=CDF6BA43.pub pin=sha256:afbea87d3b979b3788ef34223aeeb323ade481128e2c133723ae99b8a51368bb name=rhel10 ;;
    fedora-44) key=73CD9B30.pub pin=fpr:129994480EC63D2789BC98E490DFED2F73CD9B30 name=fedora44 ;;
    *) die 2 "no NVIDIA driver repository with a known key for $os_name: install the driver yourself and set driver: \"preinstalled\"" ;;
  esac
  local url
  url=$nvidia_cuda/$name/$(nvidia_arch)
  case $os_family in
    apt)
      add_apt_repo nvidia-cuda "$url/" / "$url/$key" "$pin"
      # Ubuntu has parts of the same driver under the same names: never mix the two.
      printf 'Package: *\nPin: origin developer.download.nvidia.com\nPin-Priority: 600\n' \
        | put_file 644 "$sysroot/etc/apt/preferences.d/nvidia-cuda"
      ;;
    dnf) add_dnf_repo nvidia-cuda "$url" "$url/$key" "$pin" ;;
  esac
}

add_nvidia_toolkit_repo() {
  local pin=fpr:C95B321B61E88C1809C4F759DDCAE044F796ECB0 name=nvidia-container-toolkit key=$nvidia_toolkit/gpgkey
  case $os_family in
    apt) add_apt_repo $name "$nvidia_toolkit/stable/deb/$(deb_arch)" / "$key" "$pin" ;;
    # NVIDIA signs the list of packages here, not each package.
    dnf) add_dnf_repo $name "$nvidia_toolkit/stable/rpm/\$basearch" "$key" "$pin" repo_gpgcheck=1 gpgcheck=0 ;;
  esac
}

# From EPEL only what NVIDIA's packages need and Red Hat does not ship.
add_epel_for_dkms() {
  local pin
  case $os_major in
    8) pin=fpr:94E279EB8D8F25B21810ADF121EA45AB2F86D6A1 ;;
    9) pin=fpr:FF8AD1344597106ECE813B918A3872BF3228467C ;;
    10) pin=fpr:7D8D15CBFC4E62688591FB2633D98517E37ED158 ;;
  esac
  add_dnf_repo epel-dkms "https://mirrors.fedoraproject.org/metalink?repo=epel-$os_major&arch=\$basearch" \
    "https://dl.fedoraproject.org/pub/epel/RPM-GPG-KEY-EPEL-$os_major" "$pin" gpgcheck=1 'includepkgs=dkms opencl-filesystem ocl-icd'
}

# Docker's own repository, for RHEL: Red Hat ships podman only.
add_docker_repo() {
  add_dnf_repo docker-ce "https://download.docker.com/linux/rhel/$os_major/\$basearch/stable" \
    https://download.docker.com/linux/rhel/gpg fpr:060A61C51B558A7F742B77AAC52FEB6B621E9F35
}
