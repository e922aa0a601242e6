# Compiler, linker and directory settings that hold for every Windrow target.
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

# Assertions state contracts; they stay on in optimized builds.
foreach(language IN ITEMS C CXX)
  foreach(config IN ITEMS RELEASE RELWITHDEBINFO MINSIZEREL)
    string(REGEX REPLACE "(^| )-DNDEBUG($| )" " "
           CMAKE_${language}_FLAGS_${config} "${CMAKE_${language}_FLAGS_${config}}")
  endforeach()
endforeach()

set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")

add_compile_options(-Wall -Wextra)

find_program(WINDROW_CCACHE ccache)
mark_as_advanced(WINDROW_CCACHE)
if(WINDROW_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER "${WINDROW_CCACHE}")
  # ccache keeps what precompiled headers were used for only when told that
  # their macros and time stamps do not matter.
  set(CMAKE_CXX_COMPILER_LAUNCHER
    "${CMAKE_COMMAND}" -E env CCACHE_SLOPPINESS=pch_defines,time_macros "${WINDROW_CCACHE}")
endif()

find_program(WINDROW_MOLD mold)
mark_as_advanced(WINDROW_MOLD)
if(WINDROW_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# Of what has little work of its own: more takes longer to compile than it saves.
set(windrow_least_optimization -O1)

if(WINDROW_SANITIZE)
  set(windrow_least_optimization -O0)
  # MLIR's and XNNPACK's own libraries are not instrumented, and `vptr` needs
  # the type information of every class it meets.
  set(windrow_sanitizers
      -fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=undefined)
  add_compile_options(
    ${windrow_sanitizers} ${windrow_least_optimization} -fno-omit-frame-pointer -g1)
  add_link_options(${windrow_sanitizers})
  # MLIR's headers bind a reference to the properties that an operation lacks.
  set(windrow_mlir_sanitizers -fno-sanitize=null)
endif()
