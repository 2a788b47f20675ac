# shellcheck shell=bash disable=SC2034
# This machine itself: Python, programs, models. For local, setup and doctor.

# at_least HAVE WANTED: whether a version 3.x is not older.
at_least() {
  local have=${1#3.} wanted=${2#3.}
  have=${have%%[!0-9]*}
  [ "${1%%.*}" = 3 ] && [ "${have:-0}" -ge "$wanted" ]
}

# find_python: PYTHON = the first that is new enough; fails when there is none, with PYTHON_SEEN.
find_python() {
  local name version minor
  PYTHON='' PYTHON_SEEN=''
  minor=${NATIVE_PYTHON#3.}
  for name in "python3.$minor" python3 python python3.{14,13,12,11}; do
    has "$name" || continue
    version=$("$name" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
    PYTHON_SEEN="${PYTHON_SEEN:+$PYTHON_SEEN, }$name $version"
    if at_least "$version" "$NATIVE_PYTHON"; then
      PYTHON=$name
      return 0
    fi
  done
  return 1
}

# missing_programs: REPLY = the programs of the stack's list that are not installed.
missing_programs() {
  local each
  REPLY=''
  for each in $NATIVE_NEEDS; do
    has "$each" || REPLY="${REPLY:+$REPLY }$each"
  done
}

# install_hint PROGRAMS: REPLY = how to get them here.
install_hint() {
  if has brew; then
    REPLY="brew install $1"
  elif has apt-get; then
    REPLY="sudo apt-get install $1"
  elif has dnf; then
    REPLY="sudo dnf install $1"
  else
    REPLY="install $1"
  fi
}

# model_of LINE: MODEL_SHA MODEL_URL MODEL_PATH
model_of() { read -r MODEL_SHA MODEL_URL MODEL_PATH <<<"$1"; }

# models: downloads those that are missing. A file is there under its name only when it is what the stack says.
models() {
  local each sum
  list MODEL
  for each in ${LIST[@]+"${LIST[@]}"}; do
    model_of "$each"
    [ ! -f "$PROJECT_ROOT/$MODEL_PATH" ] || continue
    if would download "$MODEL_URL" to "$MODEL_PATH"; then continue; fi
    has curl || die 1 'curl is not installed' 'it downloads the models'
    note "downloading $MODEL_PATH"
    case $MODEL_PATH in */*) mkdir -p -- "$PROJECT_ROOT/${MODEL_PATH%/*}" ;; esac
    curl -fsSL --retry 3 --connect-timeout 20 --speed-limit 1 --speed-time 60 -o "$PROJECT_ROOT/$MODEL_PATH.part" -- "$MODEL_URL" || {
      rm -f -- "$PROJECT_ROOT/$MODEL_PATH.part"
      die 69 "$MODEL_PATH cannot be downloaded from $MODEL_URL" 'is the network there?'
    }
    read -r sum _ < <(sha256 <"$PROJECT_ROOT/$MODEL_PATH.part")
    if [ "$sum" != "$MODEL_SHA" ]; then
      rm -f -- "$PROJECT_ROOT/$MODEL_PATH.part"
      die 65 "$MODEL_PATH is not what the stack says: its sha256 is $sum, not $MODEL_SHA" \
        'nothing of it was kept; the address now has another file, or it was changed on the way'
    fi
    mv -- "$PROJECT_ROOT/$MODEL_PATH.part" "$PROJECT_ROOT/$MODEL_PATH"
  done
}
