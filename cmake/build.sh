#!/usr/bin/env bash
# Sets the machine up, configures a preset and builds targets of it.
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# usage: cmake/build.sh PRESET [TARGET...]
#
# PRESET is one of CMakePresets.json; its build folder lies in the checkout.
# Prints nothing when there is nothing to do. On a terminal the build shows its
# progress; elsewhere its output is shown when it fails. With WINDROW_UNITY_BUILD=ON
# in the environment, a new build folder compiles files of a target together:
# sooner from nothing, but slower after a change.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly root

say() { echo "build: $*" >&2; }

# Runs a command with its output in build folder $1's log, shown on failure.
logged() {
  local log=$1/build.log
  shift
  if ! "$@" >"$log" 2>&1; then
    # The error comes before what other jobs still print after it.
    grep -nE -A 20 'FAILED:|error:|CMake Error' "$log" | head -n 60 >&2 || true
    say "failed; the whole log is $log"
    return 1
  fi
}

build_with_ninja() {
  local folder=$1
  shift
  # Says "no work to do" after a look at the time stamps alone.
  if ninja -C "$folder" -n "$@" 2>/dev/null | grep -q 'no work to do'; then
    return
  fi
  say "building $(basename "$folder")"
  if [[ -t 2 ]]; then
    ninja -C "$folder" "$@" >&2
  else
    logged "$folder" ninja -C "$folder" "$@"
  fi
}

if [[ $# -lt 1 || $1 == --help ]]; then
  sed -n '/^# usage:/,/^$/{s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"
  exit $(($# < 1 ? 2 : 0))
fi
preset=$1
shift
case $preset in
runtime | sanitize-runtime) set_up=(--runtime-only) ;;
*) set_up=() ;;
esac
case $preset in
default | benchmark) folder=$root/build ;;
*) folder=$root/build-$preset ;;
esac

"$root/cmake/setup.sh" "${set_up[@]}"

# Checkouts in sibling folders share compiled files.
export CCACHE_BASEDIR=${CCACHE_BASEDIR:-$(dirname "$root")}
export CCACHE_NOHASHDIR=${CCACHE_NOHASHDIR:-1}
if [[ ! -f $folder/build.ninja ]]; then
  say "configuring $(basename "$folder")"
  mkdir -p "$folder"
  (cd "$root" && logged "$folder" cmake --preset "$preset")
fi
build_with_ninja "$folder" "$@"
