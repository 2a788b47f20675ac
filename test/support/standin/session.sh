#!/bin/bash
# ForceCommand of a stand-in host that runs as the user's own account: sshd starts in the home of the password file, but
# this host has its own.
cd "$HOME" || exit 1
if [ -n "${SSH_ORIGINAL_COMMAND:-}" ]; then exec /bin/bash -c "$SSH_ORIGINAL_COMMAND"; fi
exec /bin/bash -l
