#!/usr/bin/env bash
# Provides XNNPACK of November 2024, which Debian 12 does not have.
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# usage: cmake/xnnpack.sh --print-prefix   where XNNPACK is or would be
#        cmake/xnnpack.sh --is-ready       status 0 when it is there
#        cmake/xnnpack.sh --is-packaged    status 0 when the machine's archives offer it
#        cmake/xnnpack.sh --build          build it in the cache unless it is there
#
# --print-prefix prints "system" when the installed libxnnpack-dev is new enough,
# else a folder in the user's cache whose name holds the version and a hash of
# everything that the build depends on. --build fetches Debian's source archives
# of XNNPACK and pthreadpool, with signatures checked, and installs static
# libraries there: the folder appears only when it is complete.

set -euo pipefail

readonly version='0.0~git20241108'
# The first Debian release that has this version.
readonly suite=trixie

# Debian 12's cpuinfo, of 2022, reports neither the instruction sets that are
# turned off here nor the newest cores, whose names XNNPACK uses; it takes a
# Zen 4 for a Zen 3.
cmake_flags=(
  -DCMAKE_BUILD_TYPE=Release
  -DCMAKE_POSITION_INDEPENDENT_CODE=ON
  -DXNNPACK_USE_SYSTEM_LIBS=ON
  -DXNNPACK_LIBRARY_TYPE=static
  -DXNNPACK_BUILD_TESTS=OFF
  -DXNNPACK_BUILD_BENCHMARKS=OFF
  -DXNNPACK_BUILD_ALL_MICROKERNELS=OFF
  -DXNNPACK_ENABLE_KLEIDIAI=OFF
)
case $(dpkg --print-architecture) in
amd64)
  cmake_flags+=(
    -DXNNPACK_ENABLE_AVXVNNI=OFF
    -DXNNPACK_ENABLE_AVX256SKX=OFF
    -DXNNPACK_ENABLE_AVX256VNNI=OFF
    -DXNNPACK_ENABLE_AVX256VNNIGFNI=OFF
    -DCMAKE_C_FLAGS=-Dcpuinfo_uarch_zen4=0x0020010B
  )
  ;;
arm64)
  new_cores='neoverse_v2=0x00300404 cortex_x2=0x00300502 cortex_x3=0x00300503
    cortex_a510=0x00300551 cortex_a710=0x00300571 cortex_a715=0x00300572'
  new_features='neon_bf16 i8mm sme sme2'
  cmake_flags+=(
    -DXNNPACK_ENABLE_ARM_BF16=OFF
    -DXNNPACK_ENABLE_ARM_I8MM=OFF
    -DXNNPACK_ENABLE_ARM_SME=OFF
    -DXNNPACK_ENABLE_ARM_SME2=OFF
    "-DCMAKE_C_FLAGS=$(printf -- '-Dcpuinfo_uarch_%s ' $new_cores) \
$(printf -- "'-Dcpuinfo_has_arm_%s()=0' " $new_features)"
  )
  ;;
esac
readonly cmake_flags

fail() {
  echo "xnnpack: $*" >&2
  exit 1
}

is_installed() {
  local installed
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Version}' libxnnpack-dev 2>/dev/null) || return 1
  [[ $installed == installed\ * ]] && dpkg --compare-versions "${installed#* }" ge "$version"
}

is_packaged() {
  local candidate
  candidate=$(LC_ALL=C apt-cache policy libxnnpack-dev | sed -n 's/^ *Candidate: //p')
  [[ $candidate == [0-9]* ]] && dpkg --compare-versions "$candidate" ge "$version"
}

cache_folder() {
  local base=${XDG_CACHE_HOME:-${HOME:?must be set, or XDG_CACHE_HOME}/.cache}
  echo "$base/windrow"
}

prefix() {
  local key
  key=$({
    printf '%s\n' "${cmake_flags[@]}"
    cc --version 2>/dev/null | head -n 1
    dpkg --print-architecture
    dpkg-query -W -f '${Version}' libcpuinfo-dev 2>/dev/null
  } | sha256sum | cut -c 1-12)
  echo "$(cache_folder)/xnnpack-$version-$key"
}

# The archives that the machine's own apt settings name, security and updates
# aside; apt reads both forms of its settings itself.
machine_archives() {
  apt-get -o "Dir::State::lists=$1" --print-uris update |
    sed -nE "s|^'(.*)/dists/([^/']+)/InRelease'.*|\1 \2|p" |
    awk '$2 !~ /-/ && !seen[$1]++ {print $1}'
}

# Puts the two source archives into folder $1. Works in a private apt state, so
# that the machine's settings and package lists stay as they are.
fetch_sources() {
  local folder=$1 state=$1/apt keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  mkdir -p "$state"/{lists/partial,cache/archives/partial}
  local options=(
    -q
    -o "Dir::State::lists=$state/lists"
    -o "Dir::Cache=$state/cache"
    -o "Dir::Etc::sourcelist=$state/sources.list"
    -o "Dir::Etc::sourceparts=/dev/null"
    -o APT::Sandbox::User="$(id -un)"
    -o APT::Update::Error-Mode=any
  )
  local signed_by='' archive found
  if [[ -r $keyring ]]; then
    signed_by="[signed-by=$keyring] "
  fi
  for archive in $(machine_archives "$state/lists"); do
    echo "deb-src $signed_by$archive $suite main" >"$state/sources.list"
    apt-get "${options[@]}" update || continue
    found=$(apt-cache "${options[@]}" showsrc --only-source xnnpack | sed -n 's/^Version: //p' | head -n 1)
    [[ $found == "$version"* ]] ||
      fail "$archive: xnnpack of $suite must be $version, got ${found:-nothing}"
    (cd "$folder" && apt-get "${options[@]}" source --tar-only xnnpack pthreadpool)
    return
  done
  fail "no archive in the machine's apt settings serves the sources of $suite"
}

# Lets the microkernels of an instruction set below XNNPACK's folder $1 be
# compiled 24 at a time: most of what each takes alone is to read the compiler's
# intrinsics. Assembly stays as it is.
join_microkernels() {
  local list
  mkdir "$1/src/joined"
  for list in "$1"/cmake/gen/*_microkernels.cmake; do
    awk -v root="$1" -v set="$(basename "$list" _microkernels.cmake)" '
      /^SET\(PROD_/ {isProduction = 1; count = 0}
      isProduction && /^  src\/.*\.c\)?$/ {
        isLast = sub(/\)$/, "")
        if (count++ % 24 == 0) {
          joined = "src/joined/" set "-" int(count / 24) ".c"
          print "  " joined
        }
        sub(/^  src/, "..")
        print "#include \"" $0 "\"" >(root "/" joined)
        if (!isLast)
          next
        $0 = ")"
      }
      /\)$/ {isProduction = 0}
      {print}' "$list" >"$list.joined"
    mv "$list.joined" "$list"
  done
  # CMake would list them anew.
  sed -i 's|INCLUDE("${PROJECT_BINARY_DIR}/cmake/gen/|INCLUDE("${PROJECT_SOURCE_DIR}/cmake/gen/|' \
    "$1/CMakeLists.txt"
}

# Builds pthreadpool and XNNPACK below folder $1 and installs into $1/prefix.
build_in() {
  local folder=$1 prefix=$1/prefix
  export CCACHE_BASEDIR=$folder CCACHE_NOHASHDIR=1
  mkdir -p "$prefix"/{include,lib} "$folder"/{pthreadpool,xnnpack,fxdiv}
  tar -xf "$folder"/pthreadpool_*.orig.tar.* -C "$folder/pthreadpool" --strip-components=1
  tar -xf "$folder"/xnnpack_*.orig.tar.* -C "$folder/xnnpack"
  # pthreadpool takes FXdiv as a CMake subproject only; Debian's is one header.
  echo 'add_library(fxdiv INTERFACE)' >"$folder/fxdiv/CMakeLists.txt"
  cmake -G Ninja -S "$folder/pthreadpool" -B "$folder/pthreadpool/build" \
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_POSITION_INDEPENDENT_CODE=ON \
    -DCMAKE_C_COMPILER=cc -DPTHREADPOOL_LIBRARY_TYPE=static \
    -DPTHREADPOOL_BUILD_TESTS=OFF -DPTHREADPOOL_BUILD_BENCHMARKS=OFF \
    -DFXDIV_SOURCE_DIR="$folder/fxdiv" -Wno-dev
  cmake --build "$folder/pthreadpool/build"
  cp "$folder/pthreadpool/include/pthreadpool.h" "$prefix/include"
  cp "$folder/pthreadpool/build/libpthreadpool.a" "$prefix/lib"

  join_microkernels "$folder/xnnpack"
  cmake -G Ninja -S "$folder/xnnpack" -B "$folder/xnnpack/build" \
    -DCMAKE_C_COMPILER=cc -DCMAKE_CXX_COMPILER=c++ "${cmake_flags[@]}" \
    -DCPUINFO_SOURCE_DIR=/usr -DFXDIV_SOURCE_DIR=/usr \
    -DPTHREADPOOL_SOURCE_DIR="$prefix" \
    -DPTHREADPOOL_LIBRARY="$prefix/lib/libpthreadpool.a" -Wno-dev
  cmake --build "$folder/xnnpack/build" --target XNNPACK
  cp "$folder/xnnpack/include/xnnpack.h" "$prefix/include"
  cp "$folder"/xnnpack/build/lib{XNNPACK,microkernels-prod}.a "$prefix/lib"
}

# Removes the work folder; after a failure it shows the end of the log first.
clean_up() {
  if [[ $1 -ne 0 ]]; then
    tail -n 40 "$work/log" >&2
    echo "xnnpack: cannot provide XNNPACK $version" >&2
  fi
  rm -rf "$work"
}

build() {
  local target cache
  target=$(prefix)
  cache=$(cache_folder)
  mkdir -p "$cache"
  exec 9>"$cache/xnnpack.lock"
  if ! flock -n 9; then
    echo "xnnpack: waiting for another build of it" >&2
    flock 9
  fi
  if [[ -d $target ]]; then
    return
  fi
  work=$(mktemp -d "$cache/xnnpack-build.XXXXXX")
  trap 'clean_up $?' EXIT
  echo "xnnpack: fetching the sources of $version from Debian $suite" >&2
  fetch_sources "$work" >"$work/log" 2>&1
  echo "xnnpack: building into $target (a few minutes, once)" >&2
  build_in "$work" >"$work/log" 2>&1
  mv "$work/prefix" "$target"
}

case ${1:-} in
--print-prefix)
  if is_installed; then echo system; else prefix; fi
  ;;
--is-ready)
  is_installed || [[ -d $(prefix) ]]
  ;;
--is-packaged)
  is_packaged
  ;;
--build)
  build
  ;;
*)
  sed -n '/^# usage:/,/^$/{s/^# \{0,1\}//;p}' "$0" >&2
  exit 2
  ;;
esac
