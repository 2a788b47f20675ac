# NVIDIA driver, container toolkit and the CDI specification that gives containers the GPU. Sourced by setup.sh.
# shellcheck shell=bash disable=SC2154 # sysroot, dry_run and the settings come from setup.sh

# From here on the toolkit keeps the CDI specification in step with the driver by itself.
readonly toolkit_minimum=1.18
# The driver for computing alone: the desktop's part of it wants packages RHEL does not have.
readonly headless=(nvidia-driver-cuda kmod-nvidia-open-dkms)

install_gpu() {
  install_driver
  [ "$reboot_needed" = 0 ] || return 0
  install_toolkit
  generate_cdi
}

gpu_answers() { command -v nvidia-smi >/dev/null && nvidia-smi -L >/dev/null 2>&1; }

install_driver() {
  if gpu_answers; then
    say "NVIDIA driver $(nvidia-smi --query-gpu=driver_version --format=csv,noheader 2>/dev/null | head -n 1) works"
    return
  fi
  case $DRIVER in
    none) return ;;
    preinstalled)
      die 65 "nvidia-smi does not work, and driver: \"preinstalled\" says that the machine image brings the driver; use such an image, or driver: \"install\""
      ;;
  esac
  say "installing the NVIDIA driver"
  # NVIDIA's name for the driver with its open kernel modules, the ones it goes on with.
  local -a packages=(nvidia-open)
  case $os_id in
    amzn)
      # Amazon's own copy of NVIDIA's repository, trusted through Amazon's key.
      install_packages nvidia-release || die 65 "no nvidia-release here: Amazon Linux 2023 has it from release 2023.6.20241031 on"
      install_kernel_headers "$(amazon_kernel)-devel" "$(amazon_kernel)-modules-extra" dkms
      ;;
    rhel)
      add_nvidia_driver_repo
      add_epel_for_dkms
      install_kernel_headers kernel-devel dkms gcc make
      packages=("${headless[@]}")
      # Up to RHEL 9 the repository has module streams.
      [ "$os_major" = 10 ] || root dnf -y -q module enable nvidia-driver:open-dkms </dev/null >&2
      ;;
    fedora)
      add_nvidia_driver_repo
      install_kernel_headers kernel-devel gcc make
      packages=("${headless[@]}")
      ;;
    ubuntu | debian)
      add_nvidia_driver_repo
      forget_lists
      install_kernel_headers linux-headers
      ;;
    *) die 2 "$os_name: do not know how to install the NVIDIA driver here; install it yourself and set driver: \"preinstalled\"" ;;
  esac
  install_packages "${packages[@]}" || die 65 "cannot install the NVIDIA driver"
  [ "$dry_run" = 0 ] || return 0
  [ "$reboot_needed" = 1 ] || {
    root modprobe nvidia 2>/dev/null || :
    # nouveau in the way, or a module that was built for the next kernel only.
    gpu_answers || reboot_needed=1
  }
  forbid_second_reboot
}

# A driver that does not come up after a restart will not after the next one either.
forbid_second_reboot() {
  local file=$sysroot/var/lib/gantry/rebooted-for-driver
  [ "$reboot_needed" = 1 ] || return 0
  if [ -e "$file" ] && [ "$(cat "$file")" != "$(boot_id)" ]; then
    root rm -f "$file"
    die 65 "the NVIDIA driver is installed, but nvidia-smi does not work after a restart either: see dmesg, dkms status, and whether Secure Boot is on (mokutil --sb-state)"
  fi
  boot_id | put_file 644 "$file"
}

boot_id() { cat "${GANTRY_PROC:-/proc}/sys/kernel/random/boot_id"; }

# Amazon names the packages of its newer kernels after them: kernel-devel for 6.1, kernel6.12-devel for 6.12.
amazon_kernel() {
  case $(uname -r) in
    6.1.*) echo kernel ;;
    *) uname -r | sed 's/^\([0-9]*\.[0-9]*\)\..*/kernel\1/' ;;
  esac
}

# install_kernel_headers FIRST OTHER…: names with kernel or headers in them are of the running kernel. When its headers
# are gone from the repositories, the newest kernel is installed with its own, and a restart is needed.
install_kernel_headers() {
  local name
  local -a exact=() newest=()
  for name in "$@"; do
    case $name in
      kernel* | linux-headers)
        exact+=("$name-$(uname -r)")
        case $name in linux-headers) newest+=("linux-image-$(apt_flavour)" "linux-headers-$(apt_flavour)") ;; *) newest+=("${name%%-*}" "$name") ;; esac
        ;;
      *) exact+=("$name") newest+=("$name") ;;
    esac
  done
  if ! tries=2 install_packages ${exact[@]+"${exact[@]}"}; then
    say "no headers for the running kernel $(uname -r): installing the newest kernel"
    install_packages ${newest[@]+"${newest[@]}"} || die 65 "cannot install the kernel headers the driver is built with"
    reboot_needed=1
  fi
}

# aws of 6.8.0-1024-aws, cloud-amd64 of 6.1.0-28-cloud-amd64
apt_flavour() { uname -r | sed 's/^[0-9.]*-[0-9]*-//'; }

toolkit_version() { nvidia-ctk --version 2>/dev/null | sed -n 's/.*version \([0-9.]*\).*/\1/p' | head -n 1; }
toolkit_is_current() {
  local have
  have=$(toolkit_version)
  [ -n "$have" ] && [ "$(printf '%s\n%s\n' "$toolkit_minimum" "$have" | sort -V | head -n 1)" = "$toolkit_minimum" ]
}

install_toolkit() {
  if ! toolkit_is_current; then
    add_nvidia_toolkit_repo
    forget_lists
    install_packages nvidia-container-toolkit || die 65 "cannot install the NVIDIA container toolkit"
    [ "$dry_run" = 0 ] || return 0
    toolkit_is_current || [ "$os_family" = apt ] || try root dnf -y -q upgrade nvidia-container-toolkit </dev/null >&2 || :
    toolkit_is_current || die 65 "NVIDIA container toolkit $(toolkit_version) is older than $toolkit_minimum"
  fi
  [ "$ENGINE" = podman ] || {
    root nvidia-ctk runtime configure --runtime=docker --cdi.enabled >&2
    ! has_systemd || root systemctl restart docker
  }
}

# The toolkit has units that write /var/run/cdi/nvidia.yaml at boot and when the driver changes. Only where they are
# not, a unit of our own does: a specification in /etc/cdi that nobody renews goes stale with the next driver.
generate_cdi() {
  local unit=nvidia-cdi-refresh
  if has_systemd && systemctl cat "$unit.service" >/dev/null 2>&1; then
    root systemctl enable "$unit.path" "$unit.service" >&2
    root systemctl start "$unit.path"
    root systemctl restart "$unit.service" || warn "$unit.service failed: journalctl -u $unit"
  else
    root mkdir -p /etc/cdi
    root nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml >&2 || die 65 "nvidia-ctk cdi generate failed"
    if has_systemd; then
      put_file 644 "$sysroot/etc/systemd/system/gantry-cdi.service" <<'UNIT'
[Unit]
Description=CDI specification of the NVIDIA GPUs, renewed at boot
ConditionPathExists=/usr/bin/nvidia-ctk

[Service]
Type=oneshot
ExecStart=/usr/bin/nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml
Restart=on-failure
RestartSec=10

[Install]
WantedBy=multi-user.target
UNIT
      root systemctl daemon-reload
      root systemctl enable gantry-cdi.service >&2
    fi
  fi
  [ "$dry_run" = 1 ] || [[ $(nvidia-ctk cdi list 2>/dev/null) == *nvidia.com/gpu* ]] || warn "no CDI device yet: nvidia-ctk cdi list"
}
