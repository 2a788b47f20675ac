# shellcheck shell=bash
# In which of podman's two image formats a Containerfile is built.

# wants_docker_format FILE: podman leaves something of it out in OCI's format. Without SHELL its steps run in another shell.
wants_docker_format() { LC_ALL=C grep -Eiq '^[[:space:]]*(HEALTHCHECK|ONBUILD|SHELL)([[:space:]]|\\$)' "$1"; }
