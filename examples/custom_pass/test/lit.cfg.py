"""lit's configuration of the example's test; CMakeLists.txt sets the parameters.

Part of the Windrow Project, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import os

import lit.formats

config.name = "custom_pass"  # noqa: F821
config.test_format = lit.formats.ShTest(execute_external=False)  # noqa: F821
config.suffixes = [".mlir"]  # noqa: F821
config.test_exec_root = lit_config.params["output"]  # noqa: F821
config.substitutions.append(("%plugin", lit_config.params["plugin"]))  # noqa: F821
config.environment["PATH"] = os.pathsep.join(  # noqa: F821
    [lit_config.params["tools"], os.environ["PATH"]]  # noqa: F821
)
