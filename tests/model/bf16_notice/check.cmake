# SPDX-License-Identifier: MIT
# bf16 in software says so: one sentence on stderr for all models of a process. Float models, builds
# that have the instructions, and processes with DORMANT_QUIET say nothing.
# Usage: cmake -D compiler=FILE -D source=FOLDER -D folder=SCRATCH -D includes=LIST -P check.cmake

file(MAKE_DIRECTORY ${folder})
list(REMOVE_DUPLICATES includes)
list(FILTER includes EXCLUDE REGEX "^${source}/include$|^/usr/include$|NOTFOUND|^$")
list(TRANSFORM includes PREPEND "-isystem")

# says EXPECTED KIND [COMMAND...]: what making models of that kind writes to stderr, `nothing` or `once`.
function(says expected kind)
  execute_process(COMMAND ${ARGN} ${folder}/models ${kind}
    RESULT_VARIABLE result OUTPUT_VARIABLE said ERROR_VARIABLE errors)
  set(sentence "^dormant: [^\n]*AVX512_BF16[^\n]*-march=native[^\n]*\n$")
  if(NOT result STREQUAL "0" OR (expected STREQUAL "nothing" AND NOT errors STREQUAL "") OR
     (expected STREQUAL "once" AND NOT errors MATCHES "${sentence}"))
    message(FATAL_ERROR "${machine}: ${kind} models should say ${expected}, but they end with "
      "${result} and say:\n${errors}")
  endif()
  string(STRIP "${said}" said)
  set(bf16 "${said}" PARENT_SCOPE)
endfunction()

set(machines native)
cmake_host_system_information(RESULT processor QUERY OS_PLATFORM) # a script is told no other way
if(processor MATCHES "x86_64|AMD64")
  list(APPEND machines x86-64-v3)
endif()
foreach(machine IN LISTS machines)
  execute_process(COMMAND ${compiler} -std=c++20 -O1 -march=${machine} -I${source}/include ${includes}
      ${CMAKE_CURRENT_LIST_DIR}/models.cpp -pthread -o ${folder}/models
    COMMAND_ERROR_IS_FATAL ANY)
  says(nothing float ${CMAKE_COMMAND} -E env --unset=DORMANT_QUIET)
  message(STATUS "${machine}: bf16 is ${bf16}")
  set(expected once)
  if(bf16 MATCHES "fast")
    set(expected nothing)
  endif()
  says(${expected} bf16 ${CMAKE_COMMAND} -E env --unset=DORMANT_QUIET)
  says(once narrow ${CMAKE_COMMAND} -E env --unset=DORMANT_QUIET)
  says(nothing narrow ${CMAKE_COMMAND} -E env DORMANT_QUIET=1)
endforeach()
if(NOT bf16 MATCHES "in software" AND machine STREQUAL "x86-64-v3")
  message(FATAL_ERROR "${machine} has no AVX512_BF16, yet bf16 is ${bf16}")
endif()
