# shellcheck shell=bash
# The stack's builder, through its own program: it hashes, copies, locks and builds.

# builder ARGS…: runs the builder's program.
builder() { GANTRY_PROJECT=$PROJECT_ROOT "$FILE_ROOT/bin/$BUILDER" "$@"; }

# on_builder COMMAND…: runs a command on the builder's host, with our standard input.
on_builder() {
  if [ -n "$BUILDER_IS_LOCAL" ]; then "$@"; else builder shell -- "$@"; fi
}

# engine ARGS…: podman or docker there.
engine() { on_builder "$ENGINE" "$@"; }
