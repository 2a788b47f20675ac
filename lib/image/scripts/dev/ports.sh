# shellcheck shell=bash
# Who has a port. Looked at before anything that runs is touched, so that the message can name the holder.

# port_taken PORT: whether somebody listens on it, as far as 127.0.0.1 sees it. A container's port is held also when nothing in
# the container answers, which only the table of sockets tells.
port_taken() {
  local address
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return
  has ss || return 1
  while read -r _ _ _ address _; do
    case $address in 127.0.0.1:* | 0.0.0.0:* | '*:'* | '[::]:'*) return 0 ;; esac
  done < <(ss -Hltn "sport = :$1" 2>/dev/null)
  return 1
}

# port_holder PORT: REPLY = who has it and, in REMEDY, what to do.
port_holder() {
  local name ports line pid
  while IFS='|' read -r name ports; do
    case ", $ports" in
      *:"$1->"*)
        REPLY="the container $name" REMEDY="$ENGINE stop $name"
        return
        ;;
    esac
  done < <(engine ps --format '{{.Names}}|{{.Ports}}' 2>/dev/null)
  if has ss; then
    line=$(ss -Hltnp "sport = :$1" 2>/dev/null) || line=''
    case $line in
      *'users:(("'*)
        line=${line#*users:((\"}
        pid=${line#*pid=} && pid=${pid%%,*}
        REPLY="${line%%\"*} (process $pid)" REMEDY="end it, or give the service another port in the stack"
        return
        ;;
    esac
  fi
  if has lsof; then
    line=$(lsof -nP -iTCP:"$1" -sTCP:LISTEN -Fcp 2>/dev/null) || line=''
    case $line in
      p*$'\n'c*)
        pid=${line#p} && pid=${pid%%$'\n'*}
        line=${line#*$'\n'c}
        REPLY="${line%%$'\n'*} (process $pid)" REMEDY="end it, or give the service another port in the stack"
        return
        ;;
    esac
  fi
  REPLY='a process of somebody else' REMEDY="give the service another port in the stack"
}

# service_ports: ends the program when a port of the loaded service is held by anything but a container of ours that makes
# way for it.
service_ports() {
  local each port
  list PORT
  for each in ${LIST[@]+"${LIST[@]}"}; do
    port=${each%%:*}
    port_taken "$port" || continue
    port_holder "$port"
    if makes_way "${REPLY#the container }"; then continue; fi
    die 2 "$SERVICE: port $port is taken by $REPLY" "$REMEDY"
  done
}

# makes_way NAME: whether a container is one that this run stops before.
makes_way() {
  local each
  for each in $ORPHANS; do
    if [ "$each" = "$1" ]; then return 0; fi
  done
  container "$1" || return 1
  [ "$C_ROOT" = "$PROJECT_ROOT" ] || return 1
  case " $BEHIND " in *" $C_SERVICE "*) return 0 ;; esac
  return 1
}

# port_race WORDS: the engine's words about a port that was taken between our look and its start.
port_race() {
  local each
  case $1 in *'ddress already in use'* | *'port is already allocated'*) ;; *) return 0 ;; esac
  list PORT
  for each in ${LIST[@]+"${LIST[@]}"}; do
    port_taken "${each%%:*}" || continue
    port_holder "${each%%:*}"
    die 2 "$SERVICE: port ${each%%:*} is taken by $REPLY" "$REMEDY"
  done
}
