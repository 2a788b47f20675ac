# shellcheck shell=bash
# The volumes of this stack.

# volumes_look: VOLUMES = a line each, "name size". The sizes are the engine's own: their directory may not be ours to read.
volumes_look() {
  local name links size sizes='' part=''
  VOLUMES=''
  while read -r name links size; do
    case "$name $links" in
      'Local Volumes') part=1 ;;
      *)
        if [ -n "$part" ] && [ -n "$size" ]; then sizes="$sizes $name=${size// /}"; fi
        ;;
    esac
  done < <(engine system df -v 2>/dev/null)
  while read -r name; do
    [ -n "$name" ] || continue
    size=-
    case "$sizes " in *" $name="*)
      size=${sizes#*" $name="}
      size=${size%% *}
      ;;
    esac
    VOLUMES="$VOLUMES$name $size"$'\n'
  done < <(engine volume ls -q --filter "label=io.gantry.dev=$PROGRAM")
}

# volume_there NAME
volume_there() { engine volume inspect "$1" >/dev/null 2>&1; }

# volume_name WORD: REPLY = the whole name of a volume that the stack names, with or without the stack's own in front.
volume_name() {
  local each service known=''
  for service in $SERVICES; do
    load_service "$service"
    list VOLUME
    for each in ${LIST[@]+"${LIST[@]}"}; do
      each=${each%%:*}
      if [ "$each" = "$1" ] || [ "$each" = "$PROGRAM-$1" ]; then
        REPLY=$each
        return
      fi
      case " $known " in *" $each "*) ;; *) known="$known $each" ;; esac
    done
  done
  die 2 "unknown volume: $1" "$PROGRAM has:${known:- none}"
}

# all_volumes: REPLY = the names of all that the stack names, but for what a build installs.
all_volumes() {
  local each service names=''
  for service in $SERVICES; do
    load_service "$service"
    list VOLUME
    for each in ${LIST[@]+"${LIST[@]}"}; do
      each=${each%%:*}
      case "$names " in *" $each "*) ;; *) names="$names $each" ;; esac
    done
  done
  REPLY=${names# }
}

# make_volume NAME KIND: unless it is there.
make_volume() {
  volume_there "$1" && return
  if would "$ENGINE" volume create "$1"; then return; fi
  engine_said volume create --label "io.gantry.project=$PROJECT" --label "io.gantry.dev=$PROGRAM" \
    --label "io.gantry.kind=$2" "$1" || die 69 "the volume $1 cannot be made" "$REPLY"
}
