# SPDX-License-Identifier: MIT
# Compiles a file that must not compile, and its twin that must. Where the mistake is a flag, the
# second line of the file reads `// with: <flags>`, and the twin does without them.
# Usage: cmake -D source=FILE -D compiler=FILE -D flags=FLAGS -D includes=LIST -P check.cmake

file(STRINGS "${source}" first LIMIT_COUNT 1)
if(NOT first MATCHES "^// expect: (.+)$")
  message(FATAL_ERROR "${source}:1: the first line must read `// expect: <regex>`")
endif()
set(expected "${CMAKE_MATCH_1}")
set(mistaken "")
file(STRINGS "${source}" second LIMIT_COUNT 1 REGEX "^// with: ")
if(second MATCHES "^// with: (.+)$")
  separate_arguments(mistaken UNIX_COMMAND "${CMAKE_MATCH_1}")
endif()

separate_arguments(flags UNIX_COMMAND "${flags}")
list(TRANSFORM includes PREPEND -I)
set(compile "${compiler}" -std=c++20 ${flags} ${includes} -fsyntax-only "${source}")

execute_process(COMMAND ${compile} ${mistaken} RESULT_VARIABLE result OUTPUT_VARIABLE text ERROR_VARIABLE text)
if(result STREQUAL "0")
  message(FATAL_ERROR "${source} compiles, but should fail with: ${expected}")
endif()
if(NOT text MATCHES "${expected}")
  message(FATAL_ERROR "${source} fails, but does not say: ${expected}\nIt says:\n${text}")
endif()

execute_process(COMMAND ${compile} -DTWIN
  RESULT_VARIABLE result OUTPUT_VARIABLE text ERROR_VARIABLE text)
if(NOT result STREQUAL "0")
  message(FATAL_ERROR "${source} does not compile with -DTWIN either:\n${text}")
endif()
