# shellcheck shell=bash
# help: all commands, or one.

help_help() { say "Usage: $PROGRAM help [COMMAND]"; }

cmd_help() {
  while [ $# -gt 0 ]; do
    case $1 in
      -*) common_flag "$1" || bad_argument help "$1" ;;
      *)
        show_help "$1"
        return
        ;;
    esac
    shift
  done
  cat <<TEXT
Usage: $PROGRAM COMMAND [OPTIONS]

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
  help_exit_codes
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

# show_help COMMAND: all about one command.
show_help() {
  local file
  case $1 in
    up | start | stop | down) file=power ;;
    status | setup | sync | build | loop | ssh | shell | attach | logs | prune | doctor | version | help) file=$1 ;;
    *) die 2 "unknown command: $1" "see: $PROGRAM help" ;;
  esac
  load_command "$file"
  "help_$1"
  say ''
  help_exit_codes
}
