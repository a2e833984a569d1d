# SPDX-License-Identifier: MIT
# The Debian packages each task needs, and the few functions that the scripts share. Sourced by
# examples/run and tests/run, which set `root`, the folder of the project.
# shellcheck shell=bash disable=SC2034,SC2154

build_packages=(
  g++ cmake ninja-build
  libxtensor-dev libxsimd-dev libboost-dev librandom123-dev nlohmann-json3-dev
  libfmt-dev libcli11-dev libicu-dev libsentencepiece-dev gnuplot-nox)
text_packages=(bible-kjv bible-kjv-text libpython3-stdlib)
test_packages=(catch2 libbenchmark-dev libeigen3-dev valgrind doxygen pkgconf
  openmpi-bin libopenmpi-dev mpich libmpich-dev python3-numpy python3-dev pybind11-dev)
all_packages=(
  clang-16 libclang-rt-16-dev clang-format-14 python3-torch g++-aarch64-linux-gnu qemu-user)
benchmark_packages=(
  libbenchmark-dev libopenblas-dev libopenblas0-pthread libdnnl-dev libeigen3-dev python3-torch)

say() { printf 'dormant: %s\n' "$*"; }
complain() { printf 'dormant: %s\n' "$*" >&2; }

# quietly WHAT COMMAND...: keeps the output of the command to itself unless the command fails.
quietly() {
  local what=$1 log
  shift
  log=$(mktemp)
  if "$@" >"$log" 2>&1; then
    rm -f "$log"
  else
    tail -n 40 "$log" >&2
    rm -f "$log"
    complain "$what failed; the end of its output is above."
    return 1
  fi
}

# need PACKAGE...: installs what is missing, asking for nothing; needs no root if nothing is missing.
need() {
  local package missing=() as_root=()
  if ! command -v dpkg-query >/dev/null; then
    say "this is not Debian, so nothing is installed; needed are the equivalents of: $*"
    return 0
  fi
  for package; do
    case $(dpkg-query -W -f='${db:Status-Status} ' "$package" 2>/dev/null) in
      "installed "*) ;;
      *) missing+=("$package") ;;
    esac
  done
  if [ ${#missing[@]} -eq 0 ]; then return 0; fi

  if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
      complain "these packages are missing and installing them needs root; please run"
      complain "  apt-get install --no-install-recommends ${missing[*]}"
      return 1
    fi
    as_root=(sudo -n)
  fi
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y
    -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3)
  say "installing ${missing[*]}"
  quietly "apt-get update" "${apt[@]}" update || true # old lists may still do
  quietly "apt-get install" "${apt[@]}" install --no-install-recommends "${missing[@]}"
}

# build PRESET CMAKE_ARGUMENT...: configures and builds a preset of CMakePresets.json.
build() {
  local preset=$1 fresh=() folder=$root/build/$1
  shift
  # A build that was moved or copied here with the project cannot go on.
  if [ -f "$folder/CMakeCache.txt" ] &&
    ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$folder/CMakeCache.txt"; then
    fresh=(--fresh)
  fi
  # Only a new build folder heeds this; others keep the generator they began with.
  if command -v ninja >/dev/null; then export CMAKE_GENERATOR=Ninja; fi
  (
    cd "$root" &&
      quietly "cmake --preset $preset" cmake --preset "$preset" "${fresh[@]}" "$@" &&
      say "building preset $preset in $folder" &&
      cmake --build "$folder" --parallel "$(nproc)"
  )
}
