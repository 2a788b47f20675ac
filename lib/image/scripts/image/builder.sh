# shellcheck shell=bash
# The stack's builder, through its own program: it hashes, copies, locks and builds.

BUILDER_PROJECT='' # another project directory for one call

# builder ARGS…: runs the builder's program. Without our locks (files 6 to 8): what it leaves running would hold them.
builder() { GANTRY_PROJECT=${BUILDER_PROJECT:-$PROJECT_ROOT} "$FILE_ROOT/bin/$BUILDER" "$@" 6>&- 7>&- 8>&-; }

# on_builder COMMAND…: runs a command on the builder's host, with our standard input.
on_builder() {
  if [ -n "$BUILDER_IS_LOCAL" ]; then "$@" 6>&- 7>&- 8>&-; else builder shell -- "$@"; fi
}

# engine ARGS…: podman or docker there.
engine() { on_builder "$ENGINE" "$@"; }
