#!/usr/bin/env bash
# Installs what Windrow needs on a Debian machine; does nothing when all is there.
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# usage: cmake/setup.sh [--runtime-only] [--check]
#
#   --runtime-only  what the runtime alone needs: no LLVM, ONNX or protobuf
#   --check         install and build nothing: status 1 when something is missing
#
# Installs Debian packages, as root or through sudo where that asks for no
# password (on a terminal it may ask), and builds XNNPACK once where Debian's
# is too old (cmake/xnnpack.sh). Prints nothing when there is nothing to do.

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly here

readonly runtime_packages=(
  # build tools
  ccache cmake g++ mold ninja-build python3 xz-utils
  # XNNPACK's own needs
  libcpuinfo-dev libfp16-dev libfxdiv-dev
  # libraries
  flatbuffers-compiler libasio-dev libcli11-dev libexpected-dev
  libflatbuffers-dev libfmt-dev libhwy-dev libisal-dev libssl-dev libstb-dev
  nlohmann-json3-dev
  # tests and benchmarks
  libbenchmark-dev libgmock-dev libgtest-dev librapidcheck-dev
)
readonly compiler_packages=(
  libeigen3-dev libmlir-22-dev libonnx-dev libprotobuf-dev libyaml-cpp-dev
  llvm-22-dev llvm-22-tools mlir-22-tools protobuf-compiler
  # tests
  libonnx-testdata python3-numpy python3-onnx python3-pil python3-psutil
)

say() { echo "setup: $*" >&2; }

fail() {
  say "$*"
  exit 1
}

usage() { sed -n '/^# usage:/,/^$/{s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; }

# Prints those of the packages $@ that are not installed.
missing_of() {
  local installed
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
    sed -n 's/^installed //p' || true)
  printf '%s\n' "$@" | grep -vxF "${installed:-none}" || true
}

# Runs a command as root; fails when that is not allowed.
as_root() {
  if [[ $(id -u) -eq 0 ]]; then
    "$@"
  elif [[ -t 0 && -t 2 ]]; then
    sudo "$@"
  else
    sudo -n "$@"
  fi
}

may_install() {
  [[ $(id -u) -eq 0 ]] && return
  command -v sudo >/dev/null || return
  [[ -t 0 && -t 2 ]] || sudo -n true 2>/dev/null
}

# Runs apt-get as root with its output in a log that is shown when it fails.
apt_get() {
  local log
  log=$(mktemp)
  if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
    -o DPkg::Lock::Timeout=300 "${apt_options[@]}" "$@" </dev/null >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    rm -f "$log"
    fail "apt-get $1 failed"
  fi
  rm -f "$log"
}

# Prints those of the packages $@ that no configured archive offers.
unknown_of() {
  local package
  for package in "$@"; do
    apt-cache "${apt_options[@]}" show --no-all-versions "$package" >/dev/null 2>&1 ||
      echo "$package"
  done
}

# MLIR 22 is in Debian's security archive, which a freshly made root may not
# name: this adds it for this run, beside the main archive that is configured.
add_security_archive() {
  local codename main
  codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
  main=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' |
    awk -v codename="$codename" '$2 == codename {print $1; exit}')
  [[ -n $main ]] || return 0
  sources=$(mktemp -d)
  trap 'rm -rf "$sources"' EXIT
  cp -a /etc/apt/sources.list.d/. "$sources" 2>/dev/null || true
  echo "deb ${main%/}-security $codename-security main" >"$sources/windrow-security.list"
  chmod -R a+rX "$sources"
  apt_options=(-o "Dir::Etc::sourceparts=$sources")
  say "reading ${main%/}-security for this run"
  apt_get update
}

install_packages() {
  local unknown
  say "installing $*"
  apt_get update
  unknown=$(unknown_of "$@")
  if [[ -n $unknown ]]; then
    add_security_archive
    unknown=$(unknown_of "$@")
  fi
  if [[ -n $unknown ]]; then
    fail "no configured archive has:" $unknown "(Windrow needs Debian 12 or later with its security archive)"
  fi
  apt_get install --no-install-recommends "$@"
}

set_up_xnnpack() {
  if "$here/xnnpack.sh" --is-ready; then
    return
  elif [[ $check ]]; then
    fail "missing XNNPACK: run cmake/setup.sh without --check"
  elif "$here/xnnpack.sh" --is-packaged; then
    install_packages libxnnpack-dev libpthreadpool-dev
  else
    "$here/xnnpack.sh" --build
  fi
}

check=
packages=("${runtime_packages[@]}" "${compiler_packages[@]}")
apt_options=()
for argument in "$@"; do
  case $argument in
  --runtime-only) packages=("${runtime_packages[@]}") ;;
  --check) check=1 ;;
  --help)
    usage
    exit 0
    ;;
  *)
    say "unknown option '$argument'"
    usage >&2
    exit 2
    ;;
  esac
done

command -v dpkg-query >/dev/null || fail "needs a Debian machine (dpkg-query is missing)"
mapfile -t missing < <(missing_of "${packages[@]}")
if [[ ${#missing[@]} -gt 0 ]]; then
  if [[ $check ]] || ! may_install; then
    say "missing packages; as root, run:"
    echo "  apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  install_packages "${missing[@]}"
fi
set_up_xnnpack
