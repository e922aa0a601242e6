"""lit's configuration of the suites Dialect, Passes, Importer and Tools.

Part of the Windrow Project, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import os

import lit.formats

# lit puts these two names here.
config = config  # noqa: F821
lit_config = lit_config  # noqa: F821

config.name = "Windrow"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs"]
config.test_source_root = os.path.join(config.windrow_source_dir, "test")
config.test_exec_root = os.path.join(config.windrow_binary_dir, "test")
lit_config.maxIndividualTestTime = 120

config.environment["PATH"] = os.pathsep.join(
    [config.windrow_tools_dir, config.llvm_tools_dir, os.environ["PATH"]]
)
for variable in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "WINDROW_SHARED"):
    if variable in os.environ:
        config.environment[variable] = os.environ[variable]

config.substitutions.append(("%python", config.python_executable))
config.substitutions.append(("%windrow_source", config.windrow_source_dir))
config.substitutions.append(("%windrow_lib", config.windrow_library_dir))

shared = os.environ.get(
    "WINDROW_SHARED",
    os.path.join(os.path.dirname(config.windrow_source_dir), "shared"),
)
if os.path.isdir(shared):
    config.available_features.add("shared-data")
    config.substitutions.append(("%shared", shared))
