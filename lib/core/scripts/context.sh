# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# The content hash of an image's context. It names the source tree on the builder and the image built from it, so that
# "nothing to do" is one look-up. It covers what git sees of the context (outside git: what .dockerignore leaves), the
# Containerfile, build arguments, labels, target, platform, the hashes of the images it is FROM, and which secrets it gets. An
# image may name the only paths of its context that count (NARROW, INPUT_n); its builds see nothing else.

CONTEXT_FORMAT=gantry-context-1 # another one when the meaning of a hash changes

# Overrides of one run, from the command line.
EXTRA_ARGS=() EXTRA_SECRETS=() TARGET_OVERRIDE='' TAG_OVERRIDE='' PLATFORM_OVERRIDE=''

# What a git hook sets would make us look at the wrong repository.
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_PREFIX \
  GIT_COMMON_DIR GIT_CEILING_DIRECTORIES GIT_NAMESPACE

# context_load IMAGE: load_image and the overrides; CONTEXT_DIR, CONTAINERFILE_PATH.
context_load() {
  load_image "$1"
  case $CONTEXT in
    /*) CONTEXT_DIR=$CONTEXT ;;
    *) CONTEXT_DIR=$PROJECT_ROOT/$CONTEXT ;;
  esac
  [ -d "$CONTEXT_DIR" ] || die 2 "$1: its context $CONTEXT_DIR is not there" \
    "contexts are relative to the project directory $PROJECT_ROOT (GANTRY_PROJECT sets another one)"
  [ -z "$TARGET_OVERRIDE" ] || TARGET=$TARGET_OVERRIDE
  [ -z "$TAG_OVERRIDE" ] || TAG=$TAG_OVERRIDE
  [ -z "$PLATFORM_OVERRIDE" ] || PLATFORM=$PLATFORM_OVERRIDE
  case /$CONTAINERFILE/ in
    //* | */../*) die 2 "$1: its Containerfile $CONTAINERFILE is outside of its context" "only the context is copied to the builder" ;;
  esac
  CONTAINERFILE_PATH=$CONTEXT_DIR/$CONTAINERFILE
  [ -z "$GENERATED" ] || CONTAINERFILE_PATH=$FILE_ROOT/$PROGRAM/images/$1.Containerfile
  image_inputs "$1"
  [ -f "$CONTAINERFILE_PATH" ] || die 2 "$1: $CONTAINERFILE_PATH is not there" "an image's file in the stack names it, relative to its context"
}

# image_inputs IMAGE: INPUTS = the paths that it is narrowed to.
image_inputs() {
  local i name path
  INPUTS=()
  for ((i = 1; i <= INPUT_COUNT; i++)); do
    name=INPUT_$i
    path=${!name}
    path=${path%/}
    [ -e "$CONTEXT_DIR/$path" ] || [ -L "$CONTEXT_DIR/$path" ] \
      || die 2 "$1: $CONTEXT_DIR/$path is not there" "the stack names it as an input of the image"
    INPUTS+=("$path")
  done
}

# image_args: ARGS = build arguments, those of the command line last.
image_args() {
  local i name
  ARGS=()
  for ((i = 1; i <= ARG_COUNT; i++)); do
    name=ARG_$i
    ARGS+=("${!name}")
  done
  ARGS+=(${EXTRA_ARGS[@]+"${EXTRA_ARGS[@]}"})
}

# image_labels: LABELS = "name=value" each.
image_labels() {
  local i name
  LABELS=()
  for ((i = 1; i <= LABEL_COUNT; i++)); do
    name=LABEL_$i
    LABELS+=("${!name}")
  done
}

# image_secrets: SECRETS = "id=path" each, the path absolute. One of the command line replaces one of the same id.
image_secrets() {
  local i name each id seen=' '
  SECRETS=()
  for each in ${EXTRA_SECRETS[@]+"${EXTRA_SECRETS[@]}"}; do
    SECRETS+=("$each")
    seen="$seen${each%%=*} "
  done
  for ((i = 1; i <= SECRET_COUNT; i++)); do
    name=SECRET_$i
    each=${!name}
    id=${each%%=*}
    case $seen in *" $id "*) continue ;; esac
    absolute "${each#*=}" "$PROJECT_ROOT"
    each=$id=$REPLY
    SECRETS+=("$each")
  done
}

# context_hash IMAGE [BASE_HASHES]: CONTEXT_HASH; context_load has been called. Leaves what sync_list needs.
context_hash() {
  local text each content=''
  temp_dir
  CONTEXT_INDEX=$TEMP_DIR/index.$1
  if [ -n "$NARROW" ] && [ "${#INPUTS[@]}" -eq 0 ]; then
    CONTEXT_KIND=none CONTEXT_TREE=none CONTEXT_NESTED=()
  elif ! context_tree_git; then
    # shellcheck source=context-plain.sh
    . "$COMMON_DIR/context-plain.sh"
    context_tree_plain
  fi
  IFS= read -r -d '' content <"$CONTAINERFILE_PATH" || :
  CONTEXT_TEXT=$content
  image_args
  image_secrets
  text="$CONTEXT_FORMAT|tree $CONTEXT_TREE|containerfile ${#CONTAINERFILE} $CONTAINERFILE ${#content} $content"
  text="$text|target $TARGET|platform $PLATFORM|bases ${2:-}"
  for each in ${ARGS[@]+"${ARGS[@]}"}; do text="$text|arg ${#each} $each"; done
  for each in ${SECRETS[@]+"${SECRETS[@]}"}; do text="$text|secret ${each%%=*}"; done
  [ -z "$BASE_ARG" ] || text="$text|base argument $BASE_ARG"
  [ -z "$FORMAT" ] || text="$text|format $FORMAT"
  image_labels
  for each in ${LABELS[@]+"${LABELS[@]}"}; do text="$text|label ${#each} $each"; done
  CONTEXT_HASH=$(printf '%s' "$text" | sha256)
  CONTEXT_HASH=${CONTEXT_HASH:0:16}
}

# context_unchanged: whether context_hash would say the same of what lies here now. Asks git for what differs from its index,
# which is less than a new look; fails as well where git alone cannot tell.
context_unchanged() {
  local content='' paths=(.) status
  [ "$CONTEXT_KIND" = git ] && [ "${#CONTEXT_NESTED[@]}" -eq 0 ] || return 1
  ! [ -s "$CONTEXT_INDEX.raw" ] && ! [ -s "$CONTEXT_INDEX.unseen" ] || return 1
  IFS= read -r -d '' content <"$CONTAINERFILE_PATH" || :
  [ "$content" = "$CONTEXT_TEXT" ] || return 1
  if [ -n "$NARROW" ]; then paths=(${INPUTS[@]+"${INPUTS[@]}"}); fi
  status=$(
    cd -- "$CONTEXT_DIR" || exit
    looked() { GIT_INDEX_FILE=$CONTEXT_INDEX GIT_OPTIONAL_LOCKS=0 git --literal-pathspecs "${GIT_LOOKS[@]}" ls-files "$@" -- "${paths[@]}" 2>&1; }
    # What is ignored by now may be so by a file above the context.
    looked --cached --ignored --exclude-standard &
    ignored=$!
    # Of a change in the second of its index git knows by the time of the file, which somebody may have put back.
    looked -z | INDEX=$CONTEXT_INDEX perl -0ne '
      BEGIN { $then = (stat $ENV{INDEX})[9] }
      chomp;
      @file = lstat or next;
      print if $file[10] >= $then && $file[9] < $then' &
    touched=$!
    looked --modified --others --exclude-standard && wait "$ignored" && wait "$touched"
  ) && [ -z "$status" ]
}

# context_tree_git: CONTEXT_TREE = the tree git would commit for the context now: tracked and new files, no ignored ones,
# modes and renames included. In a copy of the index, with new objects outside of the repository: nothing of the user's
# changes. Fails outside of git and in a directory that git ignores as a whole.
context_tree_git() {
  CONTEXT_KIND=git CONTEXT_NESTED=()
  git_tree "$CONTEXT_DIR" "$CONTEXT_INDEX" || return 1
  CONTEXT_TREE=$GIT_TREE
  if [ -n "$NARROW" ]; then
    CONTEXT_TREE=$(git_paths '' "$CONTEXT_INDEX" | sha256)
    CONTEXT_TREE="inputs ${CONTEXT_TREE%% *}"
  fi
  if [ -s "$CONTEXT_INDEX.nested" ]; then nested_trees '' "$CONTEXT_INDEX"; fi
}

# nested_trees PREFIX INDEX: git stops at submodules and other repositories inside of the context; they are looked at on
# their own. CONTEXT_NESTED = PATH INDEX …; CONTEXT_TREE takes their trees in.
nested_trees() {
  local path list=()
  while IFS= read -r -d '' path; do
    case $path in 160000\ *) list+=("${path#*$'\t'}") ;; esac
  done < <(git_paths "$1" "$2")
  for path in ${list[@]+"${list[@]}"}; do
    path=$1$path
    [ -e "$CONTEXT_DIR/$path/.git" ] || continue # a submodule that is not checked out is an empty directory
    local index=$CONTEXT_INDEX.${#CONTEXT_NESTED[@]}
    git_tree "$CONTEXT_DIR/$path" "$index" || die 2 "git cannot read the repository $path in the context"
    CONTEXT_NESTED+=("$path" "$index")
    CONTEXT_TREE="$CONTEXT_TREE nested ${#path} $path $GIT_TREE"
    if [ -s "$index.nested" ]; then nested_trees "$path/" "$index"; fi
  done
}

# A file whose size and mtime are as before still has another ctime: git must look at it.
GIT_LOOKS=(-c core.trustctime=true -c core.checkStat=default -c core.fsmonitor=false -c core.fileMode=true)

# git_tree DIRECTORY INDEX: GIT_TREE of a directory, through a private copy of the index that stays for the file list. A new
# copy every time: a file that was new to git the last time may be an ignored one by now.
git_tree() {
  local answer objects attributes index prefix raw paths=(.)
  if [ "$1" = "$CONTEXT_DIR" ] && [ -n "$NARROW" ]; then paths=(${INPUTS[@]+"${INPUTS[@]}"}); fi
  if ! answer=$(cd -- "$1" && git rev-parse --git-path index --git-path objects --git-path info/attributes --show-prefix 2>"$2.errors"); then
    # Where there is a repository that git does not read, guessing what is ignored could send a secret away.
    repository_above "$1" || return 1
    IFS= read -r -d '' answer <"$2.errors" || :
    die 2 "git cannot read the repository $REPLY, which the context $1 is in" "${answer%$'\n'}"
  fi
  index=${answer%%$'\n'*}
  answer=${answer#*$'\n'}
  objects=${answer%%$'\n'*}
  answer=${answer#*$'\n'}
  attributes=${answer%%$'\n'*}
  prefix=${answer#"$attributes"}
  prefix=${prefix#$'\n'}
  case $index in /*) ;; *) index=$1/$index ;; esac
  case $objects in /*) ;; *) objects=$1/$objects ;; esac
  case $objects in *[:\"\\]*)
    objects=${objects//\\/\\\\}
    objects=\"${objects//\"/\\\"}\"
    ;;
  esac
  # With its mtime, by which git knows which files it must read again because they changed in the same instant.
  if [ -f "$index" ]; then
    cp -p -- "$index" "$2"
  elif [ -e "$2" ]; then
    rm -f -- "$2"
  fi
  GIT_TREE=$(
    cd -- "$1" || exit
    export GIT_INDEX_FILE=$2 GIT_OBJECT_DIRECTORY=$TEMP_DIR GIT_ALTERNATE_OBJECT_DIRECTORIES=$objects
    git --literal-pathspecs "${GIT_LOOKS[@]}" -c core.safecrlf=false -c core.looseCompression=0 -c advice.addEmbeddedRepo=false \
      add -A -- "${paths[@]}" 2>"$2.errors" || exit
    git ls-files -s -- . | grep '^160000 ' >"$2.nested" &
    raw_entries "$2" "$attributes" >"$2.raw" 2>"$2.raw-errors" &
    raw=$!
    git write-tree --missing-ok ${prefix:+"--prefix=$prefix"} 2>>"$2.errors" || exit
    if ! wait "$raw"; then
      cat -- "$2.raw-errors" >>"$2.errors"
      exit 1
    fi
    wait
  ) && git_not_empty "$1" && {
    if [ -s "$2.raw" ]; then
      answer=$(sha256 <"$2.raw")
      GIT_TREE="$GIT_TREE raw ${answer%% *}"
    fi
    return
  }
  if git_ignored "$1"; then
    # Somebody must have said what may go: what git ignores may be a secret.
    [ -f "$1/.dockerignore" ] || die 2 "the context $1 is ignored by git as a whole" \
      "nothing in it says which files may be copied; give it a .dockerignore (all but what that names is taken then), or do not let git ignore it"
    [ -n "${IGNORED_SAID:-}" ] || note "$1 is ignored by git as a whole; taking all of it but what .dockerignore names"
    IGNORED_SAID=1
    return 1
  fi
  local errors=''
  IFS= read -r -d '' errors <"$2.errors" || :
  case $errors in
    *'prefix '*' not found'*) git_empty "$1" ;;
    *'does not have a commit checked out'*) errors="${errors%$'\n'}"$'\n'"a repository in the context has no commit yet: commit something in it, or let git ignore it" ;;
  esac
  die 2 "git cannot read the context $1" "${errors%$'\n'}"
}

# raw_entries: of the files here whose bytes are not what git would commit of them: what they are, and the path, each ended by
# NUL. Those are files with converted line ends or with a filter (large files), and those that git was told not to look at.
# What is copied is what lies here.
raw_entries() { # INDEX ATTRIBUTES-FILE
  local all='' attributes='' code=0 setting
  exec 3< <(git config --get-regexp '^core\.(autocrlf|attributesfile)$' 2>/dev/null)
  git ls-files -z -v -- . | perl -0ne '
    $attributes = 1 if m{(?:^. |/)\.gitattributes\0?\z};
    print substr($_, 2) if /^[a-zS] /;
    END { $? = 3 if $attributes }' >"$1.unseen" || code=$?
  if [ "$code" -eq 3 ] || outer_attributes "$2"; then attributes=1; fi
  while IFS= read -r setting <&3; do
    case $setting in
      'core.autocrlf false') ;;
      core.autocrlf*) all=1 ;; # "true" has many spellings
      core.attributesfile*) attributes=1 ;;
    esac
  done
  if [ -z "$all$attributes" ] && ! [ -s "$1.unseen" ]; then return 0; fi
  {
    cat -- "$1.unseen"
    if [ -n "$all" ]; then
      git ls-files -z -- .
    elif [ -n "$attributes" ]; then
      git ls-files -z -- . | git check-attr -z --stdin text eol crlf filter ident working-tree-encoding | perl -0ne '
        chomp; push @field, $_;
        next if @field < 3;
        my ($path, $name, $value) = splice @field;
        print "$path\0" if $value ne "unspecified" && $value ne "unset" && !$seen{$path}++'
    fi
  } | perl -0ne '
    chomp;
    next if $seen{$_}++;
    eval { require Digest::SHA; 1 } or die "Perl lacks Digest::SHA (package perl-Digest-SHA)\n";
    lstat or next;
    my $sum = Digest::SHA->new(256);
    if (-l _) { $sum->add("link ", readlink) }
    elsif (-f _) { my $mode = (stat _)[2] & 0100 ? "program " : "file "; $sum->add($mode); eval { $sum->addfile($_, "b"); 1 } or next }
    else { next }
    print $sum->hexdigest, "\t$_\0"'
}

# outer_attributes FILE: whether there are attributes that are not in the context: above it, in FILE of the repository, or the
# user's.
outer_attributes() {
  local directory file
  directory=$(pwd -P)
  for file in "$1" "${XDG_CONFIG_HOME:-${HOME:-}/.config}/git/attributes" /etc/gitattributes; do
    if [ -s "$file" ]; then return 0; fi
  done
  while ! [ -e "$directory/.git" ] && [ -n "$directory" ]; do
    directory=${directory%/*}
    if [ -f "$directory/.gitattributes" ]; then return 0; fi
  done
  return 1
}

# The trees of nothing, in SHA-1 and SHA-256 repositories.
git_not_empty() {
  case $GIT_TREE in
    4b825dc642cb6eb9a060e54bf8d69288fbee4904 | 6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321)
      git_empty "$1"
      ;;
  esac
}

git_empty() {
  [ "$1" = "$CONTEXT_DIR" ] || return 0 # a nested repository may be empty
  git_ignored "$1" || die 2 "the context $1 is empty for git" "everything in it is ignored, or nothing is there yet"
  return 1
}

git_ignored() { (cd -- "$1" && git check-ignore -q -- .) 2>/dev/null; }

# context_list_git: prints the paths of the context, each ended by NUL, relative to CONTEXT_DIR and starting with ./ (rsync
# takes a name that starts with # or ; for a comment). Not the nested repositories themselves, and nothing that only the index
# has (sparse checkout); the Containerfile even when git ignores it.
context_list_git() {
  context_entries | DIRECTORY=$CONTEXT_DIR perl -0ne '
    chomp;
    if (s/^below //) { $below = $_; next }
    next if /^160000 / || !(s/^file // || s/^[^\t]*\t//);
    $_ = "$below$_";
    print "./$_\0" if !$seen{$_}++ && (-l "$ENV{DIRECTORY}/$_" || -e _)'
}

# context_entries: prints what git says of every file, each ended by NUL: "MODE ID STAGE<tab>PATH", "below PREFIX" before the
# entries of a repository, "file PATH" for one that git may not know.
context_entries() {
  local i
  if [ "$CONTEXT_KIND" = git ]; then git_paths '' "$CONTEXT_INDEX"; fi
  for ((i = 0; i < ${#CONTEXT_NESTED[@]}; i += 2)); do
    git_paths "${CONTEXT_NESTED[i]}/" "${CONTEXT_NESTED[i + 1]}"
  done
  [ -n "$GENERATED" ] || printf 'below \0file %s\0' "$CONTAINERFILE"
}

# context_list_none: of a context of which nothing counts.
context_list_none() { [ -n "$GENERATED" ] || printf './%s\0' "$CONTAINERFILE"; }

git_paths() {
  local paths=(.)
  if [ -z "$1" ] && [ -n "$NARROW" ]; then paths=(${INPUTS[@]+"${INPUTS[@]}"}); fi
  printf 'below %s\0' "$1"
  if [ -s "$2.raw" ]; then
    # The id of what lies here in the place of what git would commit.
    (cd -- "$CONTEXT_DIR/$1" && GIT_INDEX_FILE=$2 git --literal-pathspecs ls-files -s -z -- "${paths[@]}") | RAW=$2.raw perl -0ne '
      BEGIN { open(my $in, "<", $ENV{RAW}) or die "$!\n"; local $/ = "\0"; while (<$in>) { chomp; /^(\S+)\t(.*)\z/s and $raw{$2} = $1 } }
      chomp;
      if (/^[^\t]*\t(.*)\z/s && defined(my $id = $raw{$1})) { s/^(\S+) \S+/$1 $id/ }
      print "$_\0"'
  else
    (cd -- "$CONTEXT_DIR/$1" && GIT_INDEX_FILE=$2 git --literal-pathspecs ls-files -s -z -- "${paths[@]}")
  fi
}
