# shellcheck shell=bash source-path=SCRIPTDIR
# enqueue: adds a job to the queue of the workers.

# shellcheck source=api.sh
. "$PROGRAM_DIR/api.sh"
# shellcheck source=queue.sh
. "$PROGRAM_DIR/queue.sh"

help_enqueue() {
  cat <<TEXT
Usage: $PROGRAM enqueue [--workers NAME] [--environment ENVIRONMENT] FIELD=VALUE…

Adds an entry to the redis stream of the workers (the first ones when none are named), and prints its id. Makes the stream and the
consumer group when they are not there, without which KEDA cannot ask for what waits.

  FIELD=VALUE   a field of the entry, for example job=build repository=ci/demo; FIELD=@FILE reads the value, @- standard input
TEXT
}

cmd_enqueue() {
  local workers='' environment='' fields=() word field value line id
  while [ $# -gt 0 ]; do
    case $1 in
      --workers | --environment)
        need_value enqueue "$1" $#
        if [ "$1" = --workers ]; then workers=$2; else environment=$2; fi
        shift
        ;;
      -*) common_flag "$1" || bad_argument enqueue "$1" ;;
      *=*) fields+=("$1") ;;
      *) bad_argument enqueue "$1" ;;
    esac
    shift
  done
  [ "${#fields[@]}" -gt 0 ] || die 2 "enqueue: an entry has at least one field" "for example: $PROGRAM enqueue job=test"
  environment_argument enqueue ${environment:+"$environment"}
  load_environment
  find_queue "$workers"
  redis_word "$QUEUE_STREAM" && line="XADD $REPLY *"
  for word in "${fields[@]}"; do
    field=${word%%=*} value=${word#*=}
    case $value in
      @-) value=$(cat) ;;
      @*) value=$(cat -- "${value#@}") || die 2 "enqueue: ${value#@} cannot be read" ;;
    esac
    redis_word "$field" && line="$line $REPLY"
    redis_word "$value" && line="$line $REPLY"
  done
  would "$line" "(redis $QUEUE_HOST in $QUEUE_NAMESPACE)" && return
  need_cluster
  temp_dir
  redis_word "$QUEUE_STREAM" && id=$REPLY
  redis_word "$QUEUE_GROUP"
  redis <<<"XGROUP CREATE $id $REPLY 0 MKSTREAM
$line"
  case $REPLY in *NOAUTH* | *WRONGPASS*) die 69 "redis takes no command: $REPLY" ;; esac
  id=${REPLY##*$'\n'}
  case $id in
    [0-9]*-[0-9]*) ;;
    *) die 69 "redis did not take the entry: $id" ;;
  esac
  if [ -n "$JSON" ]; then
    json_string "$QUEUE_STREAM" && say "{\"stream\":$REPLY,\"id\":\"$id\"}"
  else
    say "$id"
  fi
}
