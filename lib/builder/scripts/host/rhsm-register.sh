#!/usr/bin/env bash
# Registers a RHEL machine with Red Hat by an activation key that nobody sees.
#
# `subscription-manager register` takes the key only as an argument, which every user of the machine can read in the
# process list while it runs. The service behind it takes it over a private socket (com.redhat.RHSM1.RegisterServer,
# made for this), so this program speaks to the service; its python module comes with subscription-manager.
set -euo pipefail

case ${1-} in
  -h | --help)
    printf 'Usage: rhsm-register.sh ORGANISATION <FILE_WITH_ACTIVATION_KEY\n\nExit codes: 0 registered (also if it was already), 2 usage, 65 refused.\n'
    exit 0
    ;;
  '' | -*)
    printf 'rhsm-register: give the organisation; the activation key comes from stdin\n' >&2
    exit 2
    ;;
esac

root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

command -v subscription-manager >/dev/null || {
  printf 'rhsm-register: no subscription-manager here: this is not RHEL\n' >&2
  exit 2
}
if root subscription-manager identity >/dev/null 2>&1; then
  printf 'rhsm-register: already registered\n' >&2
  exit 0
fi

# The interpreter subscription-manager itself runs on.
for python in /usr/libexec/platform-python /usr/bin/python3 python3; do
  ! command -v "$python" >/dev/null || break
done

program='
import sys
import dbus
import dbus.connection

organisation = sys.argv[1]
keys = [key for key in sys.stdin.read().replace(",", " ").split() if key]
if not keys:
    sys.exit("no activation key on stdin")
path = "/com/redhat/RHSM1/RegisterServer"
server = dbus.Interface(dbus.SystemBus().get_object("com.redhat.RHSM1", path), "com.redhat.RHSM1.RegisterServer")
address = server.Start("C")
try:
    private = dbus.connection.Connection(address)
    none = dbus.Dictionary({}, signature="sv")
    private.call_blocking(
        "com.redhat.RHSM1", "/com/redhat/RHSM1/Register", "com.redhat.RHSM1.Register", "RegisterWithActivationKeys",
        "sasa{sv}a{sv}s", (organisation, dbus.Array(keys, signature="s"), none, none, "C"), timeout=300)
except dbus.exceptions.DBusException as error:
    sys.exit(error.get_dbus_message())
finally:
    server.Stop("C")
'
if ! root "$python" -c "$program" "$1"; then
  printf 'rhsm-register: not registered\n' >&2
  exit 65
fi
printf 'rhsm-register: registered\n' >&2
