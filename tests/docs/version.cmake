# SPDX-License-Identifier: MIT
# The files around the library name the version that version.hpp has, and the recipes are what their
# tools can read.
# Usage: cmake -D source=FOLDER -D version=1.2.3 [-D python=FILE] -P version.cmake

file(READ ${source}/vcpkg.json recipe)
string(JSON named GET "${recipe}" version)
if(NOT named STREQUAL version)
  message(SEND_ERROR "vcpkg.json has version ${named}, version.hpp ${version}")
endif()

file(STRINGS ${source}/CITATION.cff named REGEX "^version: ${version}$")
if(NOT named)
  message(SEND_ERROR "CITATION.cff does not have version ${version}, as version.hpp has")
endif()

file(STRINGS ${source}/CHANGELOG.md named REGEX "^## ${version}")
if(NOT named)
  message(SEND_ERROR "CHANGELOG.md says nothing of version ${version}, which version.hpp has")
endif()

if(python)
  execute_process(
    COMMAND ${python} -c "import ast, sys; ast.parse(open(sys.argv[1]).read())" ${source}/conanfile.py
    COMMAND_ERROR_IS_FATAL ANY)
endif()
