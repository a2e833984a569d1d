#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# run.sh COMPILER EMULATOR FOLDER: builds the kernel tests and the first example for NEON in FOLDER
# and runs the tests.
set -euo pipefail
root=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
compiler=$1
emulator=$2
mkdir -p "$3"
cd "$3"

# The libraries are headers alone, so this machine's do; only after those of the other machine.
flags=(-std=c++20 -O1 -Wall -Wextra "-I$root/include" "-I$root/tests" -idirafter /usr/include)
for source in "$root"/tests/kernels/*.cpp "$root/tests/main.cpp" "$root/examples/01_hello.cpp"; do
  "$compiler" "${flags[@]}" -c "$source" -o "$(basename "$source" .cpp).o"
done
"$compiler" 01_hello.o -o 01_hello
rm 01_hello.o
"$compiler" ./*.o -o kernels
exec "$emulator" -L /usr/aarch64-linux-gnu ./kernels '~[slow]'
