# Functions that define Windrow's libraries, tools, generated headers and tests.
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

# windrow_add_runtime_library(name source... [LINK library...])
#
# A static library of the runtime; LINK libraries are public.
function(windrow_add_runtime_library name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "LINK")
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PUBLIC ${ARG_LINK})
endfunction()

# windrow_add_runtime_tool(name source... [LINK library...])
#
# An executable of the runtime, in the build tree's bin folder.
function(windrow_add_runtime_tool name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "LINK")
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_compile_options(${name} PRIVATE ${windrow_least_optimization})
  target_link_libraries(${name} PRIVATE ${ARG_LINK})
endfunction()

# windrow_link_mlir(target PUBLIC|PRIVATE)
#
# Links MLIR's shared library, and LLVM's, whose symbols MLIR's headers use and
# which MLIR's target does not pass on.
function(windrow_link_mlir target scope)
  mlir_target_link_libraries(${target} ${scope} MLIR)
  target_link_libraries(${target} ${scope} LLVM)
  target_compile_options(${target} PRIVATE ${windrow_mlir_sanitizers})
endfunction()

# windrow_precompile_mlir_headers(target)
#
# Lets the target's sources begin with the precompiled headers of
# cmake/mlir_headers.h, parsing which takes most of a compilation of MLIR code.
# They are compiled once without exceptions and once with, as the calling
# directory's LLVM_ENABLE_EH says. Sources include what they need all the same:
# -D WINDROW_PRECOMPILED_HEADERS=OFF builds without.
function(windrow_precompile_mlir_headers target)
  if(NOT WINDROW_PRECOMPILED_HEADERS)
    return()
  endif()
  set(headers WindrowMlirHeaders)
  if(LLVM_ENABLE_EH)
    string(APPEND headers WithExceptions)
  endif()
  if(NOT TARGET ${headers})
    add_library(${headers} OBJECT "${PROJECT_SOURCE_DIR}/cmake/mlir_headers.cpp")
    llvm_update_compile_flags(${headers})
    target_compile_options(${headers} PRIVATE ${windrow_mlir_sanitizers})
    target_precompile_headers(${headers} PRIVATE "${PROJECT_SOURCE_DIR}/cmake/mlir_headers.h")
  endif()
  # All of MLIR's users are compiled with -fPIC by LLVM's settings; -fPIE after
  # it, for executables, would need headers of their own.
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_precompile_headers(${target} REUSE_FROM ${headers})
endfunction()

# windrow_add_compiler_library(name source... [DEPENDS target...] [LINK library...])
#
# A static library that uses MLIR, through MLIR's one shared library. DEPENDS
# names the targets that generate its headers; LINK libraries are public.
# Exceptions are off unless the calling directory sets LLVM_ENABLE_EH.
function(windrow_add_compiler_library name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "DEPENDS;LINK")
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  llvm_update_compile_flags(${name})
  windrow_precompile_mlir_headers(${name})
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
  target_link_libraries(${name} PUBLIC ${ARG_LINK})
  windrow_link_mlir(${name} PUBLIC)
endfunction()

# windrow_add_compiler_tool(name source... [LINK library...] [EXPORT_SYMBOLS])
#
# An executable that uses MLIR. EXPORT_SYMBOLS lets plugins that it loads use
# the dialects linked into it.
function(windrow_add_compiler_tool name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "EXPORT_SYMBOLS" "" "LINK")
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  llvm_update_compile_flags(${name})
  windrow_precompile_mlir_headers(${name})
  target_link_libraries(${name} PRIVATE ${ARG_LINK})
  windrow_link_mlir(${name} PRIVATE)
  if(ARG_EXPORT_SYMBOLS)
    set_target_properties(${name} PROPERTIES ENABLE_EXPORTS ON)
  endif()
endfunction()

# windrow_add_pass_plugin(name source... [DEPENDS target...])
#
# name.so with passes that windrow-opt loads. The dialects are those inside of
# windrow-opt: a second copy, linked into the plugin, would be other dialects.
function(windrow_add_pass_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "DEPENDS")
  add_library(${name} MODULE ${ARG_UNPARSED_ARGUMENTS})
  llvm_update_compile_flags(${name})
  add_dependencies(${name} ${ARG_DEPENDS})
  windrow_link_mlir(${name} PRIVATE)
  set_target_properties(${name} PROPERTIES PREFIX "")
endfunction()

# windrow_add_flatbuffers_header(target schema.fbs)
#
# Generates schema_generated.h in the build tree, at the source tree's relative
# path, and defines `target`, on which its users depend.
function(windrow_add_flatbuffers_header target schema)
  find_program(WINDROW_FLATC flatc REQUIRED)
  mark_as_advanced(WINDROW_FLATC)
  get_filename_component(stem "${schema}" NAME_WE)
  set(header "${CMAKE_CURRENT_BINARY_DIR}/${stem}_generated.h")
  add_custom_command(
    OUTPUT "${header}"
    COMMAND "${WINDROW_FLATC}" --cpp --scoped-enums --gen-object-api
            --reflect-names -o "${CMAKE_CURRENT_BINARY_DIR}"
            "${CMAKE_CURRENT_SOURCE_DIR}/${schema}"
    DEPENDS "${schema}"
    COMMENT "Generating ${stem}_generated.h"
    VERBATIM)
  add_custom_target(${target} DEPENDS "${header}")
endfunction()

# windrow_add_unit_test(name source... [LINK library...] [COMPILER [SANITIZE]]
#                       [NOT_SANITIZED] [PARAMETERS_TOGETHER] [TIMEOUT seconds])
#
# A GoogleTest binary with GoogleMock's main function; every test case becomes
# a CTest test called name.Suite.Case. COMPILER marks a test of MLIR code. A
# case that takes longer than TIMEOUT seconds (120) fails. `test/run --sanitize`
# runs those that use no MLIR, unless they say NOT_SANITIZED, and those that say
# SANITIZE. PARAMETERS_TOGETHER makes all parameters of a case one CTest test:
# starting a process for each of hundreds takes longer than they do.
function(windrow_add_unit_test name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "COMPILER;SANITIZE;NOT_SANITIZED;PARAMETERS_TOGETHER"
    "TIMEOUT" "LINK")
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_compile_options(${name} PRIVATE ${windrow_least_optimization})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} WindrowTestSupport GTest::gmock_main)
  set(label sanitize)
  if(ARG_NOT_SANITIZED OR ARG_COMPILER AND NOT ARG_SANITIZE)
    set(label unit)
  endif()
  if(ARG_COMPILER)
    llvm_update_compile_flags(${name})
    windrow_precompile_mlir_headers(${name})
    windrow_link_mlir(${name} PRIVATE)
  endif()
  if(label STREQUAL sanitize)
    add_dependencies(windrow-sanitize-tests ${name})
  endif()
  if(ARG_PARAMETERS_TOGETHER)
    gtest_add_tests(TARGET ${name} TEST_PREFIX "${name}." TEST_LIST tests)
    set_tests_properties(${tests} PROPERTIES
      TIMEOUT ${ARG_TIMEOUT}
      LABELS ${label}
      FAIL_REGULAR_EXPRESSION "Running 0 tests"
      SKIP_REGULAR_EXPRESSION "\\[  SKIPPED \\]")
    return()
  endif()
  gtest_discover_tests(${name}
    TEST_PREFIX "${name}."
    NO_PRETTY_VALUES
    DISCOVERY_MODE PRE_TEST
    DISCOVERY_TIMEOUT 60
    PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS ${label})
endfunction()

# windrow_add_script_test(name script [argument...] [LABEL label] [TIMEOUT seconds])
#
# A Python script as one CTest test: exit status 0 passes, 77 is a skip whose
# reason is on stdout, anything else fails. LABEL is e2e unless given.
function(windrow_add_script_test name script)
  cmake_parse_arguments(PARSE_ARGV 2 ARG "" "LABEL;TIMEOUT" "")
  if(NOT ARG_LABEL)
    set(ARG_LABEL e2e)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_test(NAME ${name}
    COMMAND "${WINDROW_PYTHON}" "${CMAKE_CURRENT_SOURCE_DIR}/${script}" ${ARG_UNPARSED_ARGUMENTS})
  # The longest begin first, so that none is left when the others have ended.
  set_tests_properties(${name} PROPERTIES
    LABELS "${ARG_LABEL}"
    COST 100
    TIMEOUT ${ARG_TIMEOUT}
    SKIP_RETURN_CODE 77
    ENVIRONMENT "WINDROW_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
endfunction()

# windrow_add_lit_suite(folder [SANITIZE tool...])
#
# The lit tests under `folder` of the current directory as one CTest test, which
# writes lit.folder.xml for test/support/summarize_tests.py. SANITIZE as above,
# with the tools that these tests run. lit rejects a suite without tests, so an
# empty folder defines none.
function(windrow_add_lit_suite folder)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "SANITIZE")
  file(GLOB_RECURSE tests "${folder}/*.mlir" "${folder}/*.test")
  if(NOT tests)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${folder}")
    return()
  endif()
  add_test(NAME lit.${folder}
    COMMAND "${WINDROW_PYTHON}" "${LLVM_EXTERNAL_LIT}" -sv
            --xunit-xml-output "${CMAKE_CURRENT_BINARY_DIR}/lit.${folder}.xml"
            "${CMAKE_CURRENT_BINARY_DIR}/${folder}")
  # lit uses all processors itself.
  set_tests_properties(lit.${folder} PROPERTIES LABELS lit RUN_SERIAL ON TIMEOUT 1200)
  if(ARG_SANITIZE)
    set_property(TEST lit.${folder} APPEND PROPERTY LABELS sanitize)
    add_dependencies(windrow-sanitize-tests ${ARG_SANITIZE})
  endif()
endfunction()

# windrow_add_doc(page definitions.td mlir-tblgen-option...)
#
# The reference page docs/<page>.md, generated from TableGen definitions into
# the build tree. The target `docs` copies all such pages into the checkout,
# where they are committed; a test fails when they are stale.
function(windrow_add_doc page definitions)
  string(REPLACE "/" "-" target "doc-${page}")
  set(LLVM_TARGET_DEFINITIONS "${definitions}")
  mlir_tablegen(${target}.md ${ARGN})
  file(RELATIVE_PATH source "${PROJECT_SOURCE_DIR}" "${CMAKE_CURRENT_SOURCE_DIR}/${definitions}")
  set(generated "${PROJECT_BINARY_DIR}/docs/${page}.md")
  add_custom_command(
    OUTPUT "${generated}"
    COMMAND "${CMAKE_COMMAND}" "-DINPUT=${CMAKE_CURRENT_BINARY_DIR}/${target}.md"
            "-DOUTPUT=${generated}" "-DSOURCE=${source}"
            -P "${PROJECT_SOURCE_DIR}/cmake/WriteGeneratedDoc.cmake"
    DEPENDS "${CMAKE_CURRENT_BINARY_DIR}/${target}.md"
            "${PROJECT_SOURCE_DIR}/cmake/WriteGeneratedDoc.cmake"
    COMMENT "Generating docs/${page}.md"
    VERBATIM)
  add_custom_target(${target} ALL DEPENDS "${generated}")
  set_property(GLOBAL APPEND PROPERTY WINDROW_DOC_PAGES "${page}")
endfunction()

# windrow_add_docs_target()
#
# The target `docs`, after all calls of windrow_add_doc.
function(windrow_add_docs_target)
  get_property(pages GLOBAL PROPERTY WINDROW_DOC_PAGES)
  add_custom_target(docs)
  foreach(page IN LISTS pages)
    string(REPLACE "/" "-" target "doc-${page}")
    add_dependencies(docs ${target})
    add_custom_command(TARGET docs POST_BUILD
      COMMAND "${CMAKE_COMMAND}" -E copy_if_different
              "${PROJECT_BINARY_DIR}/docs/${page}.md" "${PROJECT_SOURCE_DIR}/docs/${page}.md"
      VERBATIM)
  endforeach()
endfunction()
