"""Which folder may include what.

Part of the Windrow Project, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

Every include directive names a module: a folder of this repository
("runtime/base"), a library ("mlir", "asio"), "system" (the C++ and C standard
libraries, POSIX and Linux headers) or "generated" (what mlir-tblgen writes,
named without a folder). ALLOWED says which modules a folder may
name; the entry for the longest matching folder holds.
"""

import posixpath
import re

# Libraries by what their headers begin with, in any order.
LIBRARIES = {
    "CLI/": "cli11",
    "Eigen/": "eigen",
    "asio.hpp": "asio",
    "asio/": "asio",
    "benchmark/": "benchmark",
    "flatbuffers/": "flatbuffers",
    "fmt/": "fmt",
    "gmock/": "gtest",
    "google/protobuf/": "protobuf",
    "gtest/": "gtest",
    "hwy/": "highway",
    "isa-l/": "isa-l",
    "llvm-c/": "mlir",
    "llvm/": "mlir",
    "mlir-c/": "mlir",
    "mlir/": "mlir",
    "mpi.h": "mpi",
    "nlohmann/": "nlohmann-json",
    "onnx/": "onnx",
    "openssl/": "openssl",
    "pthreadpool.h": "xnnpack",
    "rapidcheck": "rapidcheck",
    "stb/": "stb",
    "stb_": "stb",
    "tl/expected.hpp": "expected",
    "xnnpack.h": "xnnpack",
    "yaml-cpp/": "yaml-cpp",
}

# Headers of the system that are not a bare word ("vector") or "word.h".
SYSTEM_FOLDERS = ("arpa/", "linux/", "net/", "netinet/", "sys/")

# The public headers that state what the lowest layer offers; the others belong
# to the executor.
PUBLIC_BASE_HEADERS = ("windrow/status.h",)

PUBLIC = "runtime/include"
PUBLIC_BASE = "runtime/include/base"

COMPILER_LIBRARIES = {"eigen", "expected", "flatbuffers", "fmt", "mlir", "yaml-cpp"}
RUNTIME_LIBRARIES = {"expected", "fmt"}

# Folder -> the modules it may include beside itself and "system". A folder
# above another allows what lies in its subfolders.
ALLOWED = {
    # The headers that are precompiled.
    "cmake": {"mlir"},
    "dialects": {"mlir"},
    "passes": {"dialects", "eigen", "mlir"},
    # Images that a rewrite is fitted on.
    "passes/Compact": {"passes", "dialects", "eigen", "mlir", "stb"},
    "compiler": {"passes", "dialects", "onnx", "protobuf", "runtime/artifact", PUBLIC_BASE}
    | COMPILER_LIBRARIES,
    "runtime/include": {"expected"},
    "runtime/base": {PUBLIC_BASE, "isa-l"} | RUNTIME_LIBRARIES,
    "runtime/artifact": {"runtime/base", PUBLIC_BASE, "flatbuffers"} | RUNTIME_LIBRARIES,
    "runtime/transport": {"runtime/base", PUBLIC_BASE, "asio", "mpi", "openssl"}
    | RUNTIME_LIBRARIES,
    "runtime/kernels": {"runtime/artifact", "runtime/base", PUBLIC_BASE, "highway", "xnnpack"}
    | RUNTIME_LIBRARIES,
    "runtime/executor": {
        "runtime/artifact",
        "runtime/base",
        "runtime/include",
        "runtime/kernels",
        "runtime/transport",
        "xnnpack",
    }
    | RUNTIME_LIBRARIES,
    "runtime/tools": {
        "runtime/artifact",
        "runtime/base",
        "runtime/executor",
        "runtime/include",
        "runtime/kernels",
        "runtime/transport",
        "cli11",
        "nlohmann-json",
        "stb",
    }
    | RUNTIME_LIBRARIES,
    # Public headers: the runtime's, and the dialects and passes for plugins. A
    # plugin that builds out of the tree has no source root to write its own
    # generated headers from.
    "examples": {"runtime/include", "dialects", "passes", "mlir", "generated"},
}

# Tests and benchmarks look at every part.
UNRESTRICTED = ("test", "benchmarks")

C_INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
TABLEGEN_INCLUDE = re.compile(r'^\s*(include)\s+"([^"]+)"', re.MULTILINE)


def owner_of(path):
    """The entry of ALLOWED that holds for the file at `path`, or None."""
    folders = [name for name in ALLOWED if path.startswith(name + "/")]
    return max(folders, key=len, default=None)


def module_of(header):
    """The module that `header`, as written in a directive, belongs to, or None."""
    if header.startswith("windrow/"):
        return PUBLIC_BASE if header in PUBLIC_BASE_HEADERS else PUBLIC
    top = header.split("/")[0]
    if "/" in header and top in ("runtime", "dialects", "passes", "compiler", "test"):
        return posixpath.dirname(header)
    for start, library in LIBRARIES.items():
        if header.startswith(start):
            return library
    if re.fullmatch(r"\w+\.h\.inc", header):
        return "generated"
    if re.fullmatch(r"\w+(\.h)?", header) or header.startswith(SYSTEM_FOLDERS):
        return "system"
    return None


def is_within(module, folder):
    return module == folder or module.startswith(folder + "/")


def violations(path, text):
    """Yields a message for every directive of the file that breaks a rule."""
    owner = owner_of(path)
    if owner is None:
        if path.split("/")[0] not in UNRESTRICTED:
            yield f"{path}: no include rule holds for this folder"
        return
    pattern = TABLEGEN_INCLUDE if path.endswith(".td") else C_INCLUDE
    allowed = {"system", owner} | ALLOWED[owner]
    for match in pattern.finditer(text):
        header = match[2]
        line = text.count("\n", 0, match.start(2)) + 1
        module = module_of(header)
        if module is None:
            yield (
                f"{path}:{line}: '{header}' must be written from the source root or "
                "belong to a known library"
            )
        elif not any(is_within(module, name) for name in allowed):
            yield f"{path}:{line}: {owner} must not include '{header}' ({module})"
