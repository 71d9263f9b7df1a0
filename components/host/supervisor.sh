# Part of the host's script: the supervisor of the process, which starts it whenever it does not run, and what the verbs
# need to know and to do of both.

{ IFS= read -r boot < /proc/sys/kernel/random/boot_id; } 2> /dev/null || boot=unknown

# The log is moved to log.before at this size, which is looked at every so many seconds.
log_bytes=10000000
guard_seconds=10
# A process that has run for so long is started again at once, however often it ended before; one that has not waits
# twice as long each time, up to the longest pause.
settled_seconds=60
longest_pause_seconds=30

# Sets what tells a process from every other that has, had or will have its number; fails where it has ended.
identify() {
  { IFS= read -r stat < "/proc/$1/stat"; } 2> /dev/null || return 1
  # The name, in brackets, may hold anything; behind it come the state, and as the 20th value the start since boot.
  # shellcheck disable=SC2086
  set -- "$1" ${stat##*) }
  [ "$2" != Z ] || return 1
  identity="$1 ${21} $boot"
}

# Files are renamed into place: whoever reads one must never read half of it.
record() {
  printf '%s\n' "$identity" > "$folder/$1.$$.new"
  mv "$folder/$1.$$.new" "$folder/$1"
}

# Whether the process of a file lives; sets its number.
lives() {
  { IFS= read -r recorded < "$folder/$1"; } 2> /dev/null || return 1
  pid=${recorded%% *}
  identify "$pid" || return 1
  # Files of before hold the number alone: then only a process that was given our configuration file is ours.
  if [ "$recorded" = "$pid" ]; then
    line=$({ tr '\0' ' ' < "/proc/$pid/cmdline"; } 2> /dev/null) || return 1
    case $line in
      *"=$folder/"*.yml\ *) return 0 ;;
      *) return 1 ;;
    esac
  fi
  [ "$recorded" = "$identity" ]
}

running() {
  [ -f "$folder/process" ] && lives pid
}

supervised() {
  lives supervisor
}

answers() {
  curl --silent --fail --output /dev/null --noproxy '*' --max-time 2 "$1"
}

# One that lets nobody in without a password says so as soon as it serves. Its certificate is for those who read it; what
# is asked here is no secret.
is_ready() {
  case $(curl --silent --insecure --output /dev/null --noproxy '*' --max-time 2 --write-out '%{http_code}' "$ready") in
    2?? | 401) ;;
    *) return 1 ;;
  esac
}

# Whether the process answers at all within some seconds, as one that starts or is busy does and one that hangs does not.
responds() {
  deadline=$(($(uptime_seconds) + $1))
  until curl --silent --insecure --output /dev/null --noproxy '*' --max-time 3 "$ready"; do
    [ "$(uptime_seconds)" -lt "$deadline" ] || return 1
    sleep 0.5
  done
}

# Until then a Traefik that has just started answers every request with 404.
has_read_weights() {
  [ ! -f "$weights" ] || answers "${ready%/ping}/api/http/middlewares/revision@file"
}

# Runs for as long as there is a process to look after. Whoever holds the lock may start and end it, nobody else; the
# kernel gives it back when its holder dies. So that it is not held on, nothing that is started here inherits it.
supervise() {
  exec < /dev/null >> "$folder/log" 2>&1
  take_lock || exit 0
  cd /
  identify $$
  supervisor=$identity
  record supervisor
  trap leave TERM
  guard 9>&- &
  pause=0
  while recall; do
    began=$(uptime_seconds)
    if running; then
      # Started by one before this one, and no child of ours to wait for.
      process=$pid
      record pid
      while running; do pause_for 2; done
      outcome='ended'
    else
      # A signal between start and record would leave a process that nobody knows.
      called=
      trap 'called=yes' TERM
      # shellcheck disable=SC2086
      setsid "$program" $arguments 9>&- &
      process=$!
      if identify "$process"; then record pid; fi
      trap leave TERM
      [ -z "$called" ] || leave
      status=0
      wait "$process" || status=$?
      outcome="ended with status $status"
    fi
    lasted=$(($(uptime_seconds) - began))
    if [ "$lasted" -ge "$settled_seconds" ]; then pause=0; fi
    echo "casper: process $process $outcome after $lasted s; it is started again in $pause s" | tee "$folder/ended"
    pause_for "$pause"
    pause=$((pause * 2))
    if [ "$pause" -eq 0 ]; then pause=1; fi
    if [ "$pause" -gt "$longest_pause_seconds" ]; then pause=$longest_pause_seconds; fi
  done
  leave
}

uptime_seconds() {
  IFS=. read -r seconds _ < /proc/uptime
  echo "$seconds"
}

# In the background, for a signal to end it.
pause_for() {
  sleep "$1" 9>&- &
  wait "$!" || true
}

# Fails where somebody else holds it.
take_lock() {
  command -v flock > /dev/null || fail 'flock is not there, and keeps one process from being started twice; install it'
  exec 9> "$folder/lock"
  flock -n 9
}

# The supervisor goes with its guard and their pauses; the process, of a session of its own, stays.
leave() {
  trap - TERM
  kill -- -$$ 2> /dev/null || true
  exit 0
}

# Keeps the log from filling the disk, and comes back with a new supervisor where this one was killed.
guard() {
  while sleep "$guard_seconds"; do
    [ -f "$folder/log" ] || exit 0
    if [ "$(wc -c < "$folder/log")" -gt "$log_bytes" ]; then
      # The process appends, so that it goes on at the beginning of a log that was emptied.
      cp "$folder/log" "$folder/log.before" || rm -f "$folder/log.before"
      : > "$folder/log"
    fi
    IFS= read -r recorded < "$folder/supervisor" || exit 0
    [ "$recorded" = "$supervisor" ] || exit 0
    supervised || exec setsid sh "$folder/control" supervise
  done
}

# Ends the supervisor, and keeps any other from starting until this script ends or gives the lock back.
end_supervisor() {
  if has_unit; then systemd stop "$unit" || true; fi
  tries=0
  while supervised || ! take_lock; do
    [ "$tries" -lt 100 ] || fail "who looks after $folder does not end; see who has $folder/lock open"
    if supervised; then kill "$pid" || true; fi
    sleep 0.1
    tries=$((tries + 1))
  done
}

# A new supervisor, which takes on the process where it runs, and starts it at once where it does not.
keep() {
  end_supervisor
  if ! running && [ -f "$folder/log" ]; then
    mv "$folder/log" "$folder/log.before"
    told=0
  fi
  rm -f "$folder/ended"
  exec 9>&-
  if is_own_machine && has_systemd && write_unit && systemd daemon-reload && systemd enable --quiet "$unit" &&
    systemd start "$unit"; then
    forget_cron
    return
  fi
  if is_own_machine; then remember_cron; fi
  # In a session of its own, so that it outlives the command, the connection and the shell that started it.
  setsid sh "$folder/control" supervise > /dev/null 2>&1 &
}

# Starts the process, and returns when it is ready.
start() {
  keep
  tries=0
  while [ "$tries" -lt 150 ]; do
    sleep 0.1
    [ ! -f "$folder/ended" ] || return 1
    if is_ready && has_read_weights; then
      # Where a port is taken its holder may answer, while our process is about to give up.
      sleep 0.3
      [ ! -f "$folder/ended" ] && running
      return
    fi
    tries=$((tries + 1))
  done
  return 1
}

stop() {
  end_supervisor
  tries=0
  while running; do
    # Each may find that it has just ended. One that was stopped (SIGSTOP) hears of the first with the second.
    if [ "$tries" -eq 0 ]; then kill "$pid" && kill -CONT "$pid"; fi 2> /dev/null || true
    if [ "$tries" -eq 150 ]; then kill -9 "$pid" || true; fi
    [ "$tries" -lt 200 ] || fail "process $pid of $folder does not end"
    sleep 0.1
    tries=$((tries + 1))
  done
  rm -f "$folder/pid" "$folder/supervisor"
}

# The process runs, and somebody looks after it.
ensure() {
  if ! running; then
    start
    return
  fi
  supervised || keep
  # One that somebody else has just started is not ready yet; whether it ever is, is no reason to end one that answers.
  deadline=$(($(uptime_seconds) + 10))
  until has_read_weights || [ "$(uptime_seconds)" -ge "$deadline" ]; do sleep 0.1; done
}
