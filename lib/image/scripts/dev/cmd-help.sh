# shellcheck shell=bash source-path=SCRIPTDIR
# help: all commands, or one.

# shellcheck source=../../../core/scripts/help.sh
. "$COMMON_DIR/help.sh"

help_overview() {
  cat <<TEXT
Services to work on, in containers with your code mounted, or without containers.
${SERVICES:+Services: $SERVICES
}
  fast [SERVICE…]    daily development: build what changed, mount the code
  clean [SERVICE…]   build everything anew, without any cache
  local              the server on this machine, without containers
  full               the whole stack, with compose
  build [SERVICE…]   production images

  setup              directories, .env, models, checks
  stop [SERVICE…]    stop what runs
  status             what runs, and whether it is up
  logs [SERVICE]     what a service printed
  stats              CPU and memory of what runs
  df                 what all of it takes on disk
  volumes            the volumes, with their sizes
  backup [VOLUME…]   volumes into files
  restore            a volume from a file
  doctor             find what is wrong, with the remedy

  help [COMMAND]     this, or all options of a command
  version            what exactly is running

All take --dry-run (say what would be done), --json, --yes (no questions), --quiet and --help.
TEXT
}

help_exit_codes() {
  cat <<TEXT
Exit codes
    0  done, or nothing to do
    1  doctor found something; or a program that is needed is missing
    2  usage or settings; a port that is taken; a missing .env
   65  a build failed, or a service does not come up
   69  the engine or the network does not answer
   75  another run is at work
   77  it wants a --yes
  130  interrupted; what ran before runs on
TEXT
}
