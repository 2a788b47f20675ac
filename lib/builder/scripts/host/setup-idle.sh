# Idle stop: a timer that looks every minute whether anybody works here. Sourced by setup.sh.
# shellcheck shell=bash disable=SC2154 # sysroot, dry_run and the settings come from setup.sh

configure_idle_stop() {
  local units=$sysroot/etc/systemd/system
  if [ -z "$IDLE_STOP_SECONDS$MAX_AGE_SECONDS" ]; then
    if [ -e "$units/gantry-idle.timer" ]; then
      say "idle stop off"
      root systemctl disable --now gantry-idle.timer >&2 || :
      root rm -f "$units/gantry-idle.timer" "$units/gantry-idle.service"
      root systemctl daemon-reload
    fi
    return 0
  fi
  has_systemd || die 2 "idle stop needs systemd, which does not run here"
  say "idle stop after ${IDLE_STOP_SECONDS:-no} s of idleness, ${MAX_AGE_SECONDS:-no} s after boot in any case"
  # Root runs a copy that only root can change.
  put_file 755 "$sysroot/usr/local/lib/gantry/idle-check.sh" <"$here/idle-check.sh"
  put_file 644 "$sysroot/etc/gantry/idle.env" <<CONF
IDLE_STOP_SECONDS='$IDLE_STOP_SECONDS'
MAX_AGE_SECONDS='$MAX_AGE_SECONDS'
CONF
  put_file 644 "$units/gantry-idle.service" <<'UNIT'
[Unit]
Description=Power off when nobody works here

[Service]
Type=oneshot
EnvironmentFile=/etc/gantry/idle.env
RuntimeDirectory=gantry
RuntimeDirectoryPreserve=yes
ExecStart=/bin/bash /usr/local/lib/gantry/idle-check.sh
UNIT
  put_file 644 "$units/gantry-idle.timer" <<'UNIT'
[Unit]
Description=Looks every minute whether anybody works here

[Timer]
OnBootSec=2min
OnUnitActiveSec=1min
AccuracySec=5s

[Install]
WantedBy=timers.target
UNIT
  root systemctl daemon-reload
  root systemctl enable gantry-idle.timer >&2
  root systemctl restart gantry-idle.timer
}
