# Finds XNNPACK of November 2024 or later, and the pthreadpool that it uses.
#
# Defines XNNPACK::xnnpack and pthreadpool::pthreadpool: those of the installed
# libxnnpack-dev when it is new enough, else those that cmake/xnnpack.sh has
# built in the user's cache folder.
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

include(FindPackageHandleStandardArgs)

execute_process(
  COMMAND "${CMAKE_CURRENT_LIST_DIR}/xnnpack.sh" --print-prefix
  OUTPUT_VARIABLE windrow_xnnpack_prefix
  OUTPUT_STRIP_TRAILING_WHITESPACE
  COMMAND_ERROR_IS_FATAL ANY)

if(windrow_xnnpack_prefix STREQUAL "system")
  set(windrow_xnnpack_hints)
else()
  # Debian 12's own XNNPACK, of 2022, must not be taken by mistake.
  set(windrow_xnnpack_hints PATHS "${windrow_xnnpack_prefix}" NO_DEFAULT_PATH)
endif()

# NO_CACHE: the prefix changes when the compiler or the recipe does.
find_path(XNNPACK_INCLUDE_DIR xnnpack.h PATH_SUFFIXES include ${windrow_xnnpack_hints} NO_CACHE)
find_library(XNNPACK_LIBRARY XNNPACK PATH_SUFFIXES lib ${windrow_xnnpack_hints} NO_CACHE)
find_library(XNNPACK_MICROKERNELS_LIBRARY microkernels-prod PATH_SUFFIXES lib ${windrow_xnnpack_hints} NO_CACHE)
find_library(PTHREADPOOL_LIBRARY pthreadpool PATH_SUFFIXES lib ${windrow_xnnpack_hints} NO_CACHE)
find_library(CPUINFO_LIBRARY cpuinfo)
mark_as_advanced(CPUINFO_LIBRARY)

find_package_handle_standard_args(WindrowXNNPACK
  REQUIRED_VARS XNNPACK_LIBRARY XNNPACK_INCLUDE_DIR PTHREADPOOL_LIBRARY CPUINFO_LIBRARY
  REASON_FAILURE_MESSAGE "run cmake/setup.sh, which installs or builds it")

if(WindrowXNNPACK_FOUND AND NOT TARGET XNNPACK::xnnpack)
  find_package(Threads REQUIRED)
  add_library(pthreadpool::pthreadpool UNKNOWN IMPORTED GLOBAL)
  set_target_properties(pthreadpool::pthreadpool PROPERTIES
    IMPORTED_LOCATION "${PTHREADPOOL_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${XNNPACK_INCLUDE_DIR}"
    INTERFACE_LINK_LIBRARIES Threads::Threads)

  set(windrow_xnnpack_links "${CPUINFO_LIBRARY}" pthreadpool::pthreadpool m)
  if(XNNPACK_MICROKERNELS_LIBRARY)
    list(PREPEND windrow_xnnpack_links "${XNNPACK_MICROKERNELS_LIBRARY}")
  endif()
  add_library(XNNPACK::xnnpack UNKNOWN IMPORTED GLOBAL)
  set_target_properties(XNNPACK::xnnpack PROPERTIES
    IMPORTED_LOCATION "${XNNPACK_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${XNNPACK_INCLUDE_DIR}"
    INTERFACE_LINK_LIBRARIES "${windrow_xnnpack_links}")
endif()
