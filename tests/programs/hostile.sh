#!/bin/sh
# SPDX-License-Identifier: MIT
# What every program owes a hostile shell: without a stream, or with one that takes nothing, it ends
# with the code it should and does not abort; output that is lost is a failure; a value that is empty
# or absurd is one sentence. Options are found in --help, so a new one is tried without a word here.
# Usage: hostile.sh PROGRAM FOLDER
set -u
program=$1
name=$(basename "$program")
rm -rf "$2" && mkdir -p "$2" && cd "$2" || exit 99
export program
failures=0

# complains CODE WHAT: whether the last command, whose code is $?, whose stderr is the file `err` and
# whose stdout is silent, ended with CODE and one sentence.
complains() {
  code=$?
  if [ "$code" != "$1" ]; then
    echo "$name: $2: the exit code is $code, expected $1: $(head -c 300 err)"
    failures=1
  elif [ "$(wc -l <err)" != 1 ] || ! grep -q "^$name: " err; then
    echo "$name: $2: expected one sentence, found: $(head -c 600 err)"
    failures=1
  elif grep -qE 'std::|_M_|basic_string|json\.exception|terminate' err; then
    echo "$name: $2: not in our words: $(cat err)"
    failures=1
  fi
}
# ends CODE WHAT: the same for a command whose stderr nobody sees.
ends() {
  code=$?
  [ "$code" = "$1" ] && return
  echo "$name: $2: the exit code is $code, expected $1"
  failures=1
}
# gone COMMAND...: its stdout is a pipe that nobody reads any more.
gone() {
  { sleep 0.2; "$@" 2>err; echo $? >code; } | :
  return "$(cat code)"
}

if [ "$name" = 01_hello ]; then # has no options, and takes its time
  "$program" 2>err >/dev/full
  code=$?
  tail -n 1 err >last && mv last err # after its progress
  (exit $code)
  complains 1 "stdout full"
  exit $failures
fi

"$program" --help >help 2>/dev/null
"$program" --help >/dev/full 2>err
complains 1 "--help, stdout full"
"$program" --help >&- 2>err
complains 1 "--help, stdout closed"
gone "$program" --help
complains 1 "--help, nobody reads"
"$program" --nonsense 2>&-
ends 2 "a bad option, stderr closed"
"$program" --nonsense 2>/dev/full
ends 2 "a bad option, stderr full"
"$program" --nonsense <&- >&- 2>&-
ends 2 "a bad option, no streams"

sed -n 's/^  \(--[-a-z0-9]*\) \([A-Z][^ ]*\) .*/\1 \2/p' help >options
[ -s options ] || { echo "$name: no options were found in --help"; failures=1; }
while read -r flag kind; do
  timeout 20 "$program" "$flag" "" >/dev/null 2>err
  complains 2 "$flag ''"
  timeout 20 "$program" "$flag=" --help >/dev/null 2>err
  complains 2 "$flag="
  case $kind in
  N*)
    for value in 99999999999999999999 -1 1.5 1e3 0x10 " 1" nan; do
      timeout 20 "$program" "$flag" "$value" >/dev/null 2>err
      complains 2 "$flag $value"
    done
    case $flag in --*seed) continue ;; esac # which may be any number
    timeout 20 "$program" "$flag" 18446744073709551615 >/dev/null 2>err
    complains 2 "$flag 18446744073709551615"
    ;;
  X*)
    for value in 1e999 inf nan -1 1,5; do
      timeout 20 "$program" "$flag" "$value" >/dev/null 2>err
      complains 2 "$flag $value"
    done
    ;;
  esac
done <options

# A short run of those that run without a file.
grep -q -e --steps help || exit $failures
grep -q -e --texts help && exit $failures
set -- --steps 2
grep -q -e --seeds help && set -- "$@" --seeds 1
grep -q -e --only help && set -- "$@" --only logit_concentration
grep -q -e --no-figures help && set -- "$@" --no-figures
run() {
  rm -rf work && mkdir work && (cd work && exec "$program" "$@")
}
run "$@" >/dev/full 2>err
code=$?
tail -n 1 err >last && mv last err # after its progress
(exit $code)
complains 1 "stdout full"
grep -q "standard output cannot be written" err || { echo "$name: says $(cat err)"; failures=1; }
run "$@" 2>&- >out
ends 0 "stderr closed"
[ -s out ] || { echo "$name: stderr closed: nothing on stdout"; failures=1; }
run "$@" 2>/dev/full >out
ends 0 "stderr full"
run "$@" <&- >&- 2>&-
ends 1 "no streams"
exit $failures
