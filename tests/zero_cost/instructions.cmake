# SPDX-License-Identifier: MIT
# Zero cost when absent: a step without hooks executes as many instructions as a step of a copy of
# the library from which every call to a hook has been deleted.
#   cmake -DCXX=... -DSOURCE=<project> -DWORK=<folder> -P instructions.cmake

cmake_policy(VERSION 3.25)
find_program(VALGRIND valgrind REQUIRED)
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
file(COPY ${SOURCE}/include DESTINATION ${WORK}/stripped)

set(deleted 0)
file(GLOB_RECURSE parts RELATIVE ${WORK}/stripped/include/dormant
  ${WORK}/stripped/include/dormant/part/*.hpp)
foreach(file IN ITEMS ${parts} trainer.hpp)
  set(path ${WORK}/stripped/include/dormant/${file})
  file(READ ${path} text)
  # Statements only: `p.show(site::q{}, x);`, `heard.event(...);`, `tell_tensors<...>(...);`
  foreach(call IN ITEMS "(p|end)[.]show(_heads)?[(]" "heard[.]event[(]" "tell_tensors<")
    string(REGEX MATCHALL "[\n)] *${call}[^;]*;" calls "${text}")
    list(LENGTH calls count)
    math(EXPR deleted "${deleted} + ${count}")
    string(REGEX REPLACE "([\n)]) *${call}[^;]*;" "\\1\n;" text "${text}")
  endforeach()
  file(WRITE ${path} "${text}")
endforeach()
if(deleted LESS 40)
  message(FATAL_ERROR "only ${deleted} calls to hooks were found; has their spelling changed?")
endif()

# valgrind knows no AVX-512, so the count is taken at the width below it.
set(flags -std=c++20 -O2 -march=x86-64-v3)
foreach(kind IN ITEMS whole stripped)
  set(include ${SOURCE}/include)
  if(kind STREQUAL stripped)
    set(include ${WORK}/stripped/include)
  endif()
  execute_process(
    COMMAND ${CXX} ${flags} -I${include} ${SOURCE}/tests/zero_cost/step/steps.cpp
      -o ${WORK}/${kind}_steps
    RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "the ${kind} library does not compile")
  endif()
  execute_process(
    COMMAND ${VALGRIND} --tool=callgrind --callgrind-out-file=${WORK}/${kind}.out
      --collect-atstart=no --toggle-collect=measured_step ${WORK}/${kind}_steps
    RESULT_VARIABLE failed OUTPUT_VARIABLE ${kind}_loss ERROR_VARIABLE log)
  if(failed)
    message(FATAL_ERROR "callgrind failed on the ${kind} library:\n${log}")
  endif()
  file(STRINGS ${WORK}/${kind}.out total REGEX "^(summary|totals): [0-9]+" LIMIT_COUNT 1)
  string(REGEX MATCH "[0-9]+" ${kind}_count "${total}")
endforeach()

message(STATUS "${deleted} calls to hooks deleted; three steps: ${whole_count} instructions with the "
  "calls in the source, ${stripped_count} without")
if(NOT whole_loss STREQUAL stripped_loss)
  message(FATAL_ERROR "the stripped library computes another loss")
endif()
if(NOT whole_count GREATER 1000000)
  message(FATAL_ERROR "callgrind counted next to nothing; was measured_step inlined?")
endif()
if(NOT whole_count EQUAL stripped_count)
  message(FATAL_ERROR "hooks are not free when absent")
endif()
