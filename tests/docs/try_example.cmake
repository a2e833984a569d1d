# SPDX-License-Identifier: MIT
# Runs an example as a newcomer would: --help first, then, if the help speaks of --steps, two steps.
# Usage: cmake -D program=FILE -D folder=EMPTY_FOLDER -P try_example.cmake

file(REMOVE_RECURSE ${folder})
file(MAKE_DIRECTORY ${folder})

macro(try)
  execute_process(COMMAND ${program} ${ARGN} WORKING_DIRECTORY ${folder}
    RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE errors)
  if(NOT result STREQUAL "0")
    message(FATAL_ERROR "${program} ${ARGN} ended with ${result}:\n${output}${errors}")
  endif()
endmacro()

try(--help)
if(output MATCHES "--steps" AND NOT output MATCHES "--texts") # which it has none of
  try(--steps 2)
endif()
