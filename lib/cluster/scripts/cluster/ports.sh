# shellcheck shell=bash
# Who has a port of this machine.

# port_taken PORT: whether somebody listens on it, as far as 127.0.0.1 sees it.
port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# port_holder PORT: REPLY = who has it, such as "nginx (process 12)".
port_holder() {
  local line pid
  REPLY='a process of somebody else'
  if has ss; then
    line=$(ss -Hltnp "sport = :$1" 2>/dev/null) || line=''
    case $line in
      *'users:(("'*)
        line=${line#*users:((\"}
        pid=${line#*pid=}
        REPLY="${line%%\"*} (process ${pid%%,*})"
        return
        ;;
    esac
  fi
  if has lsof; then
    line=$(lsof -nP -iTCP:"$1" -sTCP:LISTEN -Fcp 2>/dev/null) || line=''
    case $line in
      p*$'\n'c*)
        pid=${line#p}
        line=${line#*$'\n'c}
        REPLY="${line%%$'\n'*} (process ${pid%%$'\n'*})"
        ;;
    esac
  fi
}
