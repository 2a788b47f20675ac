# shellcheck shell=bash disable=SC2034
# Which images of others a Containerfile stands on by a tag: they may be other images tomorrow, and nothing of ours would notice.

# floating_bases FILE [NAME=VALUE…]: REPLY = those images, one a line, with the build arguments put in. Stages, scratch and
# images that only this machine has (localhost/…) are none of them.
floating_bases() {
  local file=$1 given=''
  shift
  while [ $# -gt 0 ]; do
    case $1 in *$'\n'*) ;; *) given="$given$1"$'\n' ;; esac
    shift
  done
  REPLY=$(LC_ALL=C BUILD_ARGS=$given awk "$FLOATING_BASES" "$file")
}

# shellcheck disable=SC2016 # awk's variables
FLOATING_BASES='
  BEGIN {
    n = split(ENVIRON["BUILD_ARGS"], lines, "\n")
    for (i = 1; i <= n; i++) if ((at = index(lines[i], "=")) > 0) given[substr(lines[i], 1, at - 1)] = substr(lines[i], at + 1)
    escape = "\\"
  }
  { sub(/\r$/, "") }
  NR == 1 { sub(/^\357\273\277/, "") }
  # The texts of heredocs are none of ours.
  heredocs > 0 { line = $0; if (tabs[1]) sub(/^\t+/, "", line); if (line == ends[1]) next_heredoc(); next }
  /^[ \t]*#/ {
    if (tolower($0) ~ /^[ \t]*#[ \t]*escape[ \t]*=[ \t]*`/ && !begun) escape = "`"
    if ($0 !~ /^[ \t]*#[ \t]*[A-Za-z][A-Za-z0-9]*[ \t]*=/) begun = 1
    next
  }
  /^[ \t]*$/ { if (text == "") begun = 1; next }
  {
    begun = 1
    line = $0
    sub(/[ \t]+$/, "", line)
    last = length(line)
    if (substr(line, last) == escape && substr(line, last - 1, 1) != escape) { text = text substr(line, 1, last - 1); next }
    line = text $0
    text = ""
    instruction(line)
  }
  END { if (text != "") instruction(text) }

  function instruction(all,   word, count, words, i, name, value, at, mount) {
    sub(/^[ \t]+/, "", all)
    count = split(all, words, /[ \t]+/)
    word = toupper(words[1])
    if (word == "ARG" && !stages) {
      for (i = 2; i <= count; i++) {
        at = index(words[i], "=")
        name = at > 0 ? substr(words[i], 1, at - 1) : words[i]
        if (name in given) known[name] = given[name]
        else if (at > 0) { value = expand(unquote(substr(words[i], at + 1))); known[name] = value }
      }
    } else if (word == "FROM") {
      i = 2
      while (words[i] ~ /^--/) i++
      look(expand(unquote(words[i])))
      if (toupper(words[i + 1]) == "AS") stage[tolower(words[i + 2])] = 1
      stage[stages++] = 1
    } else if (word == "COPY" || word == "ADD" || word == "RUN") {
      for (i = 2; i <= count && words[i] ~ /^--/; i++) {
        if (word != "RUN" && words[i] ~ /^--from=/) look(expand(unquote(substr(words[i], 8))))
        mount = words[i]
        gsub(/["\047]/, "", mount)
        if (word == "RUN" && mount ~ /^--mount=/ && match(mount, /[=,]from=[^,]*/)) {
          look(expand(substr(mount, RSTART + 6, RLENGTH - 6)))
        }
      }
    }
    if (word ~ /^(COPY|ADD|RUN|ONBUILD)$/) begin_heredocs(all)
  }

  # A word in quotes is one, whatever is in it.
  function begin_heredocs(all,   count, words, i, text, piece) {
    gsub(/\\["\047\\]/, "%", all)
    while (match(all, /"[^"]*"|\047[^\047]*\047/)) {
      piece = substr(all, RSTART, RLENGTH)
      gsub(/[ \t]/, "_", piece)
      text = text substr(all, 1, RSTART - 1) piece
      all = substr(all, RSTART + RLENGTH)
    }
    count = split(text all, words, /[ \t]+/)
    for (i = 2; i <= count; i++) {
      if (words[i] !~ /^[0-9]*<<-?["\047]?[A-Za-z0-9_.-]+["\047]?$/) continue
      heredocs++
      tabs[heredocs] = words[i] ~ /<<-/
      sub(/^[0-9]*<<-?/, "", words[i])
      ends[heredocs] = unquote(words[i])
    }
  }

  function next_heredoc(   i) {
    for (i = 1; i < heredocs; i++) { tabs[i] = tabs[i + 1]; ends[i] = ends[i + 1] }
    heredocs--
  }

  function look(reference) {
    if (reference == "" || tolower(reference) in stage || reference in seen || is_some_stage(tolower(reference))) return
    if (reference == "scratch" || reference ~ /^localhost\// || reference ~ /@sha256:[0-9a-f]+$/) return
    seen[reference] = 1
    print reference
  }

  # is_some_stage: "build-${TARGETARCH}" is one of the stages build-amd64 and build-arm64, whichever the builder takes.
  function is_some_stage(reference,   head, rest, name) {
    if (!match(reference, /\$(\{[^}]*\}|[a-z_][a-z0-9_]*)/) || RLENGTH == length(reference)) return 0
    head = substr(reference, 1, RSTART - 1)
    rest = substr(reference, RSTART + RLENGTH)
    for (name in stage) {
      if (length(name) > length(head rest) && index(name, head) == 1 && substr(name, length(name) - length(rest) + 1) == rest) return 1
    }
    return 0
  }

  function unquote(value) {
    if (value ~ /^".*"$/ || value ~ /^\047.*\047$/) return substr(value, 2, length(value) - 2)
    return value
  }

  # $NAME, ${NAME}, and with "-other" or "+other" in it, with or without a colon; what is not known stays.
  function expand(value,   out, whole, name, rest, at) {
    while (match(value, /\$(\{[^}]*\}|[A-Za-z_][A-Za-z0-9_]*)/)) {
      out = out substr(value, 1, RSTART - 1)
      whole = substr(value, RSTART, RLENGTH)
      value = substr(value, RSTART + RLENGTH)
      name = whole
      gsub(/^\$\{?|\}$/, "", name)
      rest = ""
      if ((at = match(name, /:?[-+]/)) > 0) {
        rest = substr(name, at + RLENGTH - 1)
        name = substr(name, 1, at - 1)
      }
      if (rest ~ /^\+/) out = out (name in known && known[name] != "" ? substr(rest, 2) : "")
      else if (name in known && known[name] != "") out = out known[name]
      else if (rest ~ /^-/) out = out substr(rest, 2)
      else out = out whole
    }
    return out value
  }
'
