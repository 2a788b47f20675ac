# shellcheck shell=bash disable=SC2034
# The quick way to copy a context of which little has changed: the builder links a tree it has, and only what git says is
# different is taken away and sent. Linking two thousand files is a hundredth of a second; asking rsync about each is twenty.

# entries_file IMAGE HASH: REPLY = what git said of a context that was copied: mode, content and path of every file.
entries_file() { REPLY=$STATE_DIR/trees/$1.$2; }

# sync_remember IMAGE HASH PREVIOUS: keeps the entries of a tree that has been copied, and those of the one before.
sync_remember() {
  local file
  [ "$CONTEXT_KIND" = git ] || return 0
  [ -d "$STATE_DIR/trees" ] || mkdir -p -- "$STATE_DIR/trees" # -p: another build may make it now
  for file in "$STATE_DIR/trees/$1".*; do
    case $file in *".$2" | *".${3:-none}") ;; *) rm -f -- "$file" ;; esac
  done
  entries_file "$1" "$2"
  if [ -s "$TEMP_DIR/entries" ]; then mv -f -- "$TEMP_DIR/entries" "$REPLY"; else context_entries >"$REPLY"; fi
}

# sync_changes IMAGE PREVIOUS: copies that way; 2 = it cannot, else what it did has to be removed. 3 = the tree before is
# not as it was copied.
sync_changes() {
  local old each words=() before
  : >"$TEMP_DIR/entries"
  entries_file "$1" "$2"
  old=$REPLY
  [ "$CONTEXT_KIND" = git ] && [ -n "$2" ] && [ -s "$old" ] && [ -z "$SYNC_WHOLE" ] || return 2
  case $HOST_KIND,$OSTYPE in local,darwin*) return 2 ;; esac # its cp cannot link
  context_entries >"$TEMP_DIR/entries"
  perl -e "$COMPARE_ENTRIES" "$old" "$TEMP_DIR/entries" "$CONTEXT_DIR" >"$TEMP_DIR/gone" 3>"$TEMP_DIR/changed" || return 2
  while IFS= read -r -d '' each; do words+=("$each"); done <"$TEMP_DIR/gone"
  library_hash
  # shellcheck disable=SC2016 # expanded on the host
  quote bash -c '. "$1" && shift && snapshot_link "$@"' sh
  before="$REPLY ~/.gantry/lib/$LIBRARY_HASH/snapshot.sh"
  quote "$REMOTE_ROOT/$1" "$2" ".partial-$RECEIVED"
  before="$before $REPLY"
  quote cd "$REMOTE_ROOT/$1/.partial-$RECEIVED"
  before="$before && $REPLY"
  if [ "${#words[@]}" -gt 0 ]; then
    quote rm -rf -- "${words[@]}"
    # git knows no empty directories.
    before="$before && $REPLY && find . -type d -empty -delete"
  fi
  kind_shell_file
  HOST_BEFORE="$before && cd .. && " rsync -lptz --from0 --files-from="$TEMP_DIR/changed" \
    --chmod=Du=rwx,Dgo=rx,Fu=rwX,Fgo=rX -e "bash $REPLY" "$CONTEXT_DIR/" "builder:.partial-$RECEIVED/" >&2 2>"$TEMP_DIR/rsync.errors" && return
  if grep -qx 'gantry: damaged' "$TEMP_DIR/rsync.errors"; then return 3; fi
  return 1
}

# What is to be sent goes to file 3 as for context_list_git, what has to go first to standard output. Fails when that is too
# much for a command line.
# shellcheck disable=SC2016 # Perl's variables
COMPARE_ENTRIES='
  use strict; use warnings;
  my ($old, $new, $directory) = (load($ARGV[0]), load($ARGV[1]), $ARGV[2]);
  open(my $send, ">&=", 3) or die "$!\n";
  my (@gone, $length);
  for (sort keys %$new) {
    # An entry without an id (the Containerfile) may have changed.
    next if exists $old->{$_} && $old->{$_} eq $new->{$_} && $new->{$_} ne "";
    push @gone, $_ if exists $old->{$_};
    print $send "./$_\0" if -l "$directory/$_" || -e _;
  }
  push @gone, grep { !exists $new->{$_} } sort keys %$old;
  $length += 10 + length for @gone;
  exit 1 if @gone > 300 || ($length // 0) > 30000;
  print "./$_\0" for @gone;

  sub load {
    my ($below, %entries) = ("");
    local $/ = "\0";
    open(my $in, "<", $_[0]) or die "$_[0]: $!\n";
    while (<$in>) {
      chomp;
      if (s/^below //) { $below = $_; next }
      next if /^160000 /;
      if (s/^file //) { $entries{"$below$_"} //= "" }
      elsif (/^([^\t]+)\t(.*)$/s) { $entries{"$below$2"} = $1 }
    }
    return \%entries;
  }
'
