# shellcheck shell=bash source-path=SCRIPTDIR
# help: all commands, or one.

# shellcheck source=../../../core/scripts/help.sh
. "$COMMON_DIR/help.sh"

help_overview() {
  cat <<TEXT
Edit here, build there: copies the sources of images to a builder and builds them on it.
${IMAGES:+Images: $IMAGES
}
  build [IMAGE…]     bring images up to date on the builder
  sync [IMAGE…]      only copy the sources
  loop IMAGE         build whenever the sources change
  status [IMAGE…]    where the builder is, what is built, what runs
  attach [IMAGE]     come back to a build
  logs [IMAGE]       what a build printed

  ssh                the tmux session on the builder
  shell [-- CMD…]    a plain shell, or one command

  up start stop down make, start, stop and destroy the machine
  setup              install what a builder needs
  doctor             find what is wrong, with the remedy
  prune              remove what this project left on the builder

  help [COMMAND]     this, or all options of a command
  version            what exactly is running

All take --dry-run (say what would be done), --json, --yes (no questions), --quiet and --help.
TEXT
}

help_exit_codes() {
  cat <<TEXT
Exit codes
    0  done, or nothing to do
    1  doctor found something; a builder that has too little room for a build, or lacks a tool
    2  usage or settings
   65  the build failed
   69  the builder cannot be reached
   75  somebody else is building this image (with --no-wait)
   77  it wants a --yes
  130  interrupted; a build that was started goes on
TEXT
}

# The content hash of the host programs names their directory on the builder.
version_facts() {
  library_hash
  say "library $LIBRARY_HASH"
}
