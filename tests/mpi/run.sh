#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# run.sh IMPLEMENTATION FOLDER: compiles the programs of ranks/ for `openmpi` or `mpich` in FOLDER, and
# runs them on 1 to 8 ranks, more than there are cores. Ends with 77 where that MPI is not installed.
set -euo pipefail
here=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
root=$(dirname "$(dirname "$here")")
which=$1
mkdir -p "$2"
cd "$2"

# Debian has both side by side, under these names; elsewhere the only one has the plain name.
compiler=mpicxx.$which
start=(mpirun."$which")
if ! command -v "$compiler" >/dev/null; then
  case $which/$(mpicxx -v 2>&1 | head -n 1; mpicxx --showme:version 2>&1 | head -n 1) in
    openmpi/*"Open MPI"* | mpich/*MPICH*) compiler=mpicxx start=(mpirun) ;;
    *)
      echo "skipped: $which is not installed"
      exit 77
      ;;
  esac
fi
if [ "$which" = openmpi ]; then
  # A container's only user is root, and it has few cores.
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  start+=(--oversubscribe)
fi
ranks() { # N COMMAND...
  local n=$1
  shift
  timeout 60 "${start[@]}" -n "$n" "$@"
}
fail() {
  echo "$which: $*" >&2
  exit 1
}

flags=(-std=c++20 -O1 -march=native -Wno-uninitialized -Wall -Wextra "-I$root/include" -pthread)
for name in same_bits failures waves; do
  "$compiler" "${flags[@]}" "$here/ranks/$name.cpp" -o "$name" &
done
for _ in 1 2 3; do wait -n; done

for threads in 1 2; do
  ./same_bits . "$threads"
  cp alone "alone.$threads"
  cmp alone.1 alone
done
for n in 1 2 3 4 8 11; do
  threads=$((n % 2 + 1))
  rm -f rank.*
  ranks "$n" ./same_bits . "$threads" --ranks || fail "same_bits fails on $n ranks"
  for ((r = 0; r < n; ++r)); do
    cmp alone "rank.$r" || fail "rank $r of $n, $threads threads: other bits than one process"
  done
done
for n in 2 3 4; do
  ranks "$n" ./waves || fail "waves fails on $n ranks"
done
ranks 2 ./failures || fail "failures fails"
# Each rank's words in a file of its own: a launcher that ends all ranks may drop what it has not passed on.
rm -f outside.*
if ranks 2 sh -c 'exec ./failures --outside 2>"outside.$$"'; then
  fail "an exception that the other rank knows nothing of is no failure"
fi
grep -q "rank 1 of 2: left by an exception" outside.* || fail "it says $(cat outside.*)"

# The same for every MPI, so once will do.
[ "$which" = openmpi ] || exit 0
wanted=$(sed -n '1s/^\/\/ expect: //p' "$here/ranks/no_bytes.cpp")
"$compiler" "${flags[@]}" -fsyntax-only -DTWIN "$here/ranks/no_bytes.cpp"
if "$compiler" "${flags[@]}" -fsyntax-only "$here/ranks/no_bytes.cpp" 2>errors; then
  fail "a probe without bytes is accepted"
fi
[ "$(grep -c "error: static assertion failed.*$wanted" errors)" = 1 ] || fail "it says $(cat errors)"
[ "$(grep -c "error:" errors)" = 1 ] || fail "it says more than that: $(cat errors)"
