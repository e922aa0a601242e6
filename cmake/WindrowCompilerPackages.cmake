# Finds what only the compiler needs: MLIR, Protobuf, ONNX.
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

# The package's version file accepts equal minor versions only, so "22" alone
# would match nothing.
find_package(MLIR 22.1 REQUIRED CONFIG HINTS /usr/lib/llvm-22/lib/cmake/mlir)
message(STATUS "Using MLIR ${LLVM_PACKAGE_VERSION} in ${MLIR_DIR}")

set(MLIR_LINK_MLIR_DYLIB ON)
# LLVMConfig.cmake sets this to what the package was built with; for our own
# code it only decides whether NDEBUG is defined.
set(LLVM_ENABLE_ASSERTIONS ON)
set(LLVM_RUNTIME_OUTPUT_INTDIR "${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
set(LLVM_LIBRARY_OUTPUT_INTDIR "${CMAKE_LIBRARY_OUTPUT_DIRECTORY}")
set(MLIR_BINARY_DIR "${PROJECT_BINARY_DIR}")
if(NOT LLVM_EXTERNAL_LIT)
  set(LLVM_EXTERNAL_LIT "${LLVM_TOOLS_BINARY_DIR}/lit")
endif()

list(APPEND CMAKE_MODULE_PATH "${MLIR_CMAKE_DIR}" "${LLVM_CMAKE_DIR}")
include(TableGen)
include(AddLLVM)
include(AddMLIR)
include(HandleLLVMOptions)

include_directories(SYSTEM ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
separate_arguments(windrow_llvm_definitions NATIVE_COMMAND "${LLVM_DEFINITIONS}")
add_definitions(${windrow_llvm_definitions})

# ONNX's exported targets name protobuf::libprotobuf, and both are visible only
# in the directory that finds them and below.
find_package(Protobuf REQUIRED)
find_package(ONNX REQUIRED CONFIG)
