#!/usr/bin/env bash
# shellcheck source-path=SCRIPTDIR
# The runner of one build, in a session of its own: waits for the lock, runs the engine, moves the tag after success.
# usage: build-run.sh DIRECTORY   (made by build-start.sh, which has locked DIRECTORY/alive as our file 8)
# Its output is the log. The last thing it does is to write the exit code: 0, 65 failed, 75 locked.
set -uo pipefail
directory=$1
here=${BASH_SOURCE[0]%/*}
. "$here/state.sh"
. "$here/snapshot.sh"
. "$here/build-report.sh"

run=${directory##*/}
project='' image='' hash='' tag='' engine='' root='' containerfile='' target='' platform='' no_cache='' pull='' no_wait=''
again='' engine_pid='' waited='' base_arg='' format='' base_layers='' base_reference=''
cache_from='' cache_to='' cache_user=''
arguments=() secrets=() bases=()
while IFS= read -r -d '' pair; do
  value=${pair#*=}
  case $pair in
    project=* | image=* | hash=* | tag=* | engine=* | root=* | containerfile=* | target=* | platform=*)
      printf -v "${pair%%=*}" '%s' "$value"
      ;;
    base-arg=*) base_arg=$value ;;
    format=*) format=$value ;;
    cache-from=*) cache_from=$value ;;
    cache-to=*) cache_to=$value ;;
    cache-user=*) cache_user=$value ;;
    label=*) arguments+=(--label "$value") ;;
    generated=1) containerfile=$directory/Containerfile ;;
    no-cache=1) no_cache=1 again=1 ;;
    pull=1) pull=1 ;;
    no-wait=1) no_wait=1 ;;
    again=1) again=1 ;;
    arg=*) arguments+=(--build-arg "$value") ;;
    secret=*) secrets+=("$value") ;;
    base=*) bases+=("$value") ;;
  esac
done <"$directory/request"

# finish CODE: the end of the build, for everybody who waits for it.
finish() {
  trap - EXIT TERM INT HUP
  secrets_remove "$run"
  rm -f -- "$GANTRY_STATE/locks/$image.owner"
  printf '%s\n' "$1" >"$directory/exit.new"
  mv "$directory/exit.new" "$directory/exit"
  exit "$1"
}
trap 'finish 65' EXIT
# shellcheck disable=SC2317 # called by the trap
stopped() {
  if [ -n "$engine_pid" ]; then kill "$engine_pid" 2>/dev/null; fi
  printf '\n%s\n' 'The build was stopped on the builder. The tag did not move.'
  finish 65
}
trap stopped TERM INT HUP

# in_use IMAGE: REPLY = who builds it.
in_use() {
  local owner=''
  if [ -r "$GANTRY_STATE/locks/$1.owner" ]; then read -r owner <"$GANTRY_STATE/locks/$1.owner" || :; fi
  REPLY=${owner:-another build}
}

# holds TAG_OWNER HASH TAG: 0 = TAG is on ctx-HASH, 1 = it is elsewhere, 2 = there is no ctx-HASH. REPLY = its image id.
holds() {
  local found
  found=$("$engine" image inspect --format '{{.Id}} {{json .RepoTags}}' "localhost/$1:ctx-$2" 2>/dev/null 8>&- 9>&-) || return 2
  REPLY=${found%% *}
  REPLY=${REPLY#sha256:}
  case $found in *"\"localhost/$1:$3\""*) return 0 ;; esac
  return 1
}

# base_ready NAME HASH TAG FD: the base is there, its tag is on it, and it stays so while we build: FD holds its lock,
# shared with the other images on the same base.
base_ready() {
  local state said=''
  eval "exec $4<>\"\$GANTRY_STATE/locks/\$1.lock\""
  while :; do
    if ! lock_fd -s -n "$4"; then
      in_use "$1"
      waited=1
      [ -n "$said" ] || printf 'Waiting for the base %s: %s\n' "$1" "$REPLY"
      said=1
      lock_fd -s "$4"
    fi
    state=0
    holds "$1" "$2" "$3" || state=$?
    case $state in
      0) return 0 ;;
      1)
        lock_fd "$4" && "$engine" tag "localhost/$1:ctx-$2" "localhost/$1:$3" 8>&- 9>&- || return 1
        ;;
      2)
        eval "exec $4>&-"
        base_coming "$1" "$2" || return 1
        sleep 0.5
        eval "exec $4<>\"\$GANTRY_STATE/locks/\$1.lock\""
        ;;
    esac
  done
}

# base_coming NAME HASH: whether a build of it has not ended.
base_coming() {
  local each
  running_runs "$1"
  while IFS= read -r each; do
    if [ -n "$each" ] && meta "$each" hash && [ "$REPLY" = "$2" ]; then return 0; fi
  done <<<"$REPLY"
  holds "$1" "$2" none
  [ $? -ne 2 ]
}

# base_argument NAME HASH: has the build start from exactly this base; base_layers = what its layers are. To podman a digest
# names an image here; to docker it names one of a registry, so there it is the tag of the content, which never moves.
base_argument() {
  local found reference=localhost/$1:ctx-$2
  found=$("$engine" image inspect --format '{{.Digest}} {{json .RootFS.Layers}}' "$reference" 2>/dev/null 8>&- 9>&-) \
    || found=$("$engine" image inspect --format 'none {{json .RootFS.Layers}}' "$reference" 8>&- 9>&-) || return 1
  base_layers=${found#* }
  if [ "$engine" = podman ]; then reference=localhost/$1@${found%% *}; fi
  arguments+=(--build-arg "$base_arg=$reference")
  base_reference=$reference
}

# on_base ID: whether the image's layers begin with those of its base.
on_base() {
  local layers
  layers=$("$engine" image inspect --format '{{json .RootFS.Layers}}' "$1" 8>&- 9>&-) || return 1
  case ${layers%]}, in "${base_layers%]}",*) return 0 ;; esac
  case $base_layers in '[]' | null) return 0 ;; esac
  return 1
}

set_tags() { # ID
  if [ "$engine" = podman ]; then
    podman tag "$1" "localhost/$image:ctx-$hash" "localhost/$image:$tag" 8>&- 9>&-
  else
    docker tag "$1" "localhost/$image:ctx-$hash" 8>&- 9>&- && docker tag "$1" "localhost/$image:$tag" 8>&- 9>&-
  fi
}

# elapsed: REPLY = seconds since the start, with tenths where this bash knows them.
started=${EPOCHREALTIME:-}
elapsed() {
  local now=${EPOCHREALTIME:-} ms
  if [ -z "$now" ]; then
    REPLY=$SECONDS
  else
    ms=$(((${now/[.,]/} - ${started/[.,]/}) / 1000))
    REPLY=$((ms / 1000)).$((ms % 1000 / 100))
  fi
}

# cache_words DIRECTORY: a cache in a registry. The login is in a copy of the user's own, which other pulls may need; without it
# there is no cache, and the build is slower.
cache_words() {
  local directory=$1 registry=${cache_from:-$cache_to} own
  registry=${registry%%/*}
  if [ -n "$cache_user" ]; then
    if [ "$engine" = podman ]; then
      own=${REGISTRY_AUTH_FILE:-${XDG_RUNTIME_DIR:-/nonexistent}/containers/auth.json}
      (umask 077 && cat -- "$own" >"$directory/+auth.json" 2>/dev/null || printf '{}\n' >"$directory/+auth.json")
      command+=(--authfile "$directory/+auth.json")
      set -- podman login --authfile "$directory/+auth.json"
    else
      own=${DOCKER_CONFIG:-$HOME/.docker}
      (umask 077 && mkdir -p "$directory/+docker" && cat -- "$own/config.json" >"$directory/+docker/config.json" 2>/dev/null \
        || printf '{}\n' >"$directory/+docker/config.json")
      [ ! -d "$own/cli-plugins" ] || ln -sfn "$own/cli-plugins" "$directory/+docker/cli-plugins"
      export DOCKER_CONFIG=$directory/+docker
      set -- docker login
    fi
    if ! "$@" --username "$cache_user" --password-stdin "$registry" <"$directory/+cache-token" >/dev/null 8>&- 9>&-; then
      printf 'Building without the cache in %s, which refuses the login.\n' "$registry"
      return
    fi
  fi
  if [ "$engine" = podman ]; then
    [ -z "$cache_from" ] || command+=(--cache-from "$cache_from")
    [ -z "$cache_to" ] || command+=(--cache-to "$cache_to")
  else
    [ -z "$cache_from" ] || command+=(--cache-from "type=registry,ref=$cache_from:buildcache")
    [ -z "$cache_to" ] || command+=(--cache-to "type=registry,ref=$cache_to:buildcache,mode=max")
  fi
}

exec 9<>"$GANTRY_STATE/locks/$image.lock"
if ! lock_fd -n 9; then
  in_use "$image"
  if [ -n "$no_wait" ]; then
    printf '%s is being built: %s\n' "$image" "$REPLY"
    finish 75
  fi
  waited=1
  printf 'Waiting: %s is being built: %s\n' "$image" "$REPLY"
  lock_fd 9
fi
meta "$directory" client || :
printf '%s\n' "run $run, context $hash, started by ${REPLY:-somebody}" >"$GANTRY_STATE/locks/$image.owner"

# built_before: whether a build of the same content ended before this one could start. Asking the engine costs more than
# looking at what we know.
built_before() {
  local other
  for other in "$GANTRY_STATE/builds/$image"/*/; do
    other=${other%/}
    if [ "$other" != "$directory" ] && [ -e "$other/exit" ] && meta "$other" hash && [ "$REPLY" = "$hash" ]; then
      return 0
    fi
  done
  return 1
}

if [ -z "$again" ] && built_before; then
  state=0
  holds "$image" "$hash" "$tag" || state=$?
  if [ "$state" -eq 1 ]; then set_tags "$REPLY" && state=0; fi
  if [ "$state" -eq 0 ]; then
    printf 'Built meanwhile: localhost/%s:%s is ctx-%s\n' "$image" "$tag" "$hash"
    printf '%s\n' "outcome=up to date" "id=$REPLY" >"$directory/result"
    finish 0
  fi
fi

number=20
for base in ${bases[@]+"${bases[@]}"}; do
  IFS=: read -r name base_hash base_tag <<<"$base"
  if ! base_ready "$name" "$base_hash" "$base_tag" "$number"; then
    printf 'The base localhost/%s:ctx-%s is not on the builder: build %s first.\n' "$name" "$base_hash" "$name"
    finish 65
  fi
  number=$((number + 1))
  if [ -n "$base_arg" ] && ! base_argument "$name" "$base_hash"; then
    printf 'The base localhost/%s:ctx-%s cannot be inspected.\n' "$name" "$base_hash"
    finish 65
  fi
done

# One label only: to podman each is a step with a commit of its own, 0.2 s apiece. Image and context are in the tag.
command=("$engine" build -f "$containerfile" --iidfile "$directory/id" --label "io.gantry.project=$project")
if [ "$engine" = docker ]; then
  if docker buildx version >/dev/null 2>&1; then
    export DOCKER_BUILDKIT=1
    command+=(--progress=plain)
  elif [ "${#secrets[@]}" -gt 0 ]; then
    printf '%s\n' 'docker needs its buildx plugin for build secrets: install docker-buildx on the builder'
    finish 65
  else
    export DOCKER_BUILDKIT=0
  fi
fi
[ -z "$target" ] || command+=(--target "$target")
if [ "$engine" = podman ] && [ -n "$format" ]; then command+=(--format "$format"); fi
[ -z "$platform" ] || command+=(--platform "$platform")
[ -z "$no_cache" ] || command+=(--no-cache)
if [ -n "$pull" ]; then if [ "$engine" = podman ]; then command+=(--pull-always); else command+=(--pull); fi; fi
command+=(${arguments[@]+"${arguments[@]}"})
secrets_directory
# REPLY is the directory of the secrets.
if [ -n "$cache_from$cache_to" ]; then cache_words "$REPLY/$run"; fi
for secret in ${secrets[@]+"${secrets[@]}"}; do
  command+=(--secret "id=$secret,src=$REPLY/$run/$secret")
done
command+=(.)

if ! cd "$HOME/$root/$image/$hash"; then
  printf 'The source tree ctx-%s is not on the builder any more: build again.\n' "$hash"
  finish 65
fi
# build-start.sh has just looked at it. The build that this one waited for may have written into it since: podman lets
# RUN --mount=type=bind,rw do that.
if [ -n "$waited" ] && ! snapshot_intact "$HOME/$root/$image" "$hash"; then
  printf '%s\n' "The source tree ctx-$hash was changed on the builder after it was copied, by hand or by a step of another build." \
    '  Build again: it is copied again. The tag did not move.'
  printf '%s\n' outcome=failed "step=the source tree" >"$directory/result"
  finish 65
fi
# In the background, so that a signal is acted upon at once. The engine must not keep our locks when we are killed.
GANTRY_RUN=$run "${command[@]}" 8>&- 9>&- &
engine_pid=$!
code=0
wait "$engine_pid" || code=$?
engine_pid=''
if [ "$code" -ne 0 ] || ! [ -s "$directory/id" ]; then
  report_failure "$code"
  finish 65
fi
read -r id <"$directory/id" || :
id=${id#sha256:}
if [ -n "$base_arg" ] && ! on_base "$id"; then
  report_other_base
  finish 65
fi
if [ -n "$platform" ]; then
  # Before a tag moves: podman 4 may take a cached image of another architecture for FROM scratch.
  inspect_image "$id" >"$directory/image"
  if ! right_platform; then finish 65; fi
else
  inspect_image "$id" >"$directory/image" & # beside the tagging, which takes as long
fi
if ! set_tags "$id"; then
  report_failure $?
  finish 65
fi
wait
report_success
finish 0
