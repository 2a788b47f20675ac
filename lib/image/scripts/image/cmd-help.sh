# shellcheck shell=bash source-path=SCRIPTDIR
# help: all commands, one, or the targets of the Makefile.

# shellcheck source=../../../core/scripts/help.sh
. "$COMMON_DIR/help.sh"
# shellcheck source=cmd-history.sh
. "$PROGRAM_DIR/cmd-history.sh"

help_overview() {
  cat <<TEXT
Builds the images of this stack on its builder (bin/$BUILDER), publishes and releases them, and clears what they leave.
${IMAGES:+Images: $IMAGES
}
  build [IMAGE…]     build images, verify and name them
  cycle KIND         clear, build, verify, then replace a deployment
  status [IMAGE…]    which images are behind their sources
  inspect [IMAGE]    all about an image: layers, arguments, environment, labels
  history            how long builds take
  clear TIER         remove caches and images
  doctor             find what is wrong, with the remedy

  publish [IMAGE…]   push to the registry what is not there yet
  verify [IMAGE…]    check what is published
  promote            give a published image another name
  release VERSION    check, build, push and announce a release
  gc                 remove old versions from the registry

  help [COMMAND]     this, all options of a command, or the targets of the Makefile (help targets)
  version            what exactly is running

All take --dry-run (say what would be done), --json, --yes (no questions; so does FORCE=1), --quiet and --help.
TEXT
}

help_exit_codes() {
  cat <<TEXT
Exit codes
    0  done, or nothing to do
    1  doctor found something; a tool or room is missing
    2  usage or settings
   65  a build failed, or did not verify
   69  the builder or the registry cannot be reached
   75  somebody else is at it
   77  it wants a --yes
  130  interrupted
TEXT
}

help_topic() {
  [ "$1" = targets ] || return 1
  help_targets
}

# help_targets: the targets of the Makefile and the justfile, with the times they were said to take and those they took.
help_targets() {
  local file=$FILE_ROOT/$PROGRAM/targets.tsv target what expected when mode budgets=() HISTORY='' kind=''
  [ -r "$file" ] || die 2 "the stack has no build modes" "add a BuildModes to it"
  if has perl && (find_project) >/dev/null 2>&1; then
    find_project
    # shellcheck disable=SC2034 # of history_lines
    STATE_DIR=$PROJECT_ROOT/.gantry
    history_budgets
    history_lines ''
  fi
  printf '%-34s %-28s %-12s %-12s %s\n' TARGET DESCRIPTION TIME MEASURED 'USE WHEN'
  while IFS=$'\t' read -r target what expected when mode; do
    kind=$(measured "$mode")
    printf '%-34s %-28s %-12s %-12s %s\n' "$target" "$what" "$expected" "${kind:--}" "$when"
  done <"$file"
}

# measured MODE: prints its mean time.
measured() {
  local mode runs mean rest
  while IFS=$'\t' read -r mode runs mean rest; do
    if [ -n "$mode" ] && [ "$mode" = "$1" ]; then
      seconds_words "$mean"
      printf %s "$REPLY"
    fi
  done <<<"$HISTORY"
}

version_facts() { say "builder bin/$BUILDER"; }
