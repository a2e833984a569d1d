# SPDX-License-Identifier: MIT
# Flags that take out the checks for NaN are refused by every header that computes, until a file on
# the include path says that it is meant; a build without FMA is told so, once.
#   cmake -D compiler=FILE -D include=FOLDER -D includes=LIST -D work=FOLDER -P arithmetic.cmake

file(REMOVE_RECURSE ${work})
file(MAKE_DIRECTORY ${work}/allowed/dormant)
file(WRITE ${work}/allowed/dormant/allow_fast_math "")
file(WRITE ${work}/allowed/dormant/allow_no_fma "")
list(TRANSFORM includes PREPEND -I)
set(base "${compiler}" -std=c++20 -I${include} ${includes})

function(compile result source)
  execute_process(COMMAND ${base} ${ARGN} ${source}
    RESULT_VARIABLE code OUTPUT_QUIET ERROR_VARIABLE text)
  set(code ${code} PARENT_SCOPE)
  set(${result} "${text}" PARENT_SCOPE)
endfunction()

# Those that name a floating-point type, or a T of which there are arrays. These two only name some,
# and compute nothing.
file(GLOB_RECURSE all RELATIVE ${include}/dormant ${include}/dormant/*.hpp)
list(REMOVE_ITEM all io/dtype.hpp task/trigger_rule.hpp)
set(headers "")
foreach(header IN LISTS all)
  file(STRINGS ${include}/dormant/${header} numbers REGEX "float|double|xsimd|<cmath>|T const[*]|T[*] ")
  if(numbers OR header MATCHES "^kernels/")
    list(APPEND headers ${header})
  endif()
endforeach()
list(LENGTH headers count)
if(count LESS 70)
  message(FATAL_ERROR "only ${count} headers were found")
endif()
foreach(header IN LISTS headers)
  # Preprocessed only, up to the first error.
  compile(said ${include}/dormant/${header} -x c++ -E -Wfatal-errors -ffinite-math-only)
  if(code EQUAL 0 OR NOT said MATCHES "dormant: -ffast-math, -Ofast and the like take out")
    message(FATAL_ERROR "${header} is compiled with -ffinite-math-only:\n${said}")
  endif()
endforeach()

file(WRITE ${work}/use.cpp
  "#include <dormant/random.hpp>\n#include <dormant/error.hpp>\n#include <dormant/statistics.hpp>\n")
foreach(flag IN ITEMS -ffast-math -Ofast -ffinite-math-only)
  compile(said ${work}/use.cpp -fsyntax-only ${flag})
  if(code EQUAL 0 OR NOT said MATCHES "take out the checks for NaN")
    message(FATAL_ERROR "${flag} is not refused:\n${said}")
  endif()
  compile(said ${work}/use.cpp -fsyntax-only ${flag} -I${work}/allowed)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "${flag} is refused though it is allowed:\n${said}")
  endif()
endforeach()

cmake_host_system_information(RESULT processor QUERY OS_PLATFORM) # a script is told no other way
if(processor MATCHES "x86_64|AMD64")
  # Told once in a source, and no error where warnings are.
  compile(said ${work}/use.cpp -fsyntax-only -mno-fma -Wall -Wextra -Werror)
  string(REGEX MATCHALL "(note|warning): [^\n]*this build does not use FMA" told "${said}")
  list(LENGTH told times)
  if(NOT code EQUAL 0 OR NOT times EQUAL 1)
    message(FATAL_ERROR "a build without FMA is told so ${times} times (exit ${code}):\n${said}")
  endif()
  foreach(flag IN ITEMS -mfma -I${work}/allowed)
    compile(said ${work}/use.cpp -fsyntax-only ${flag})
    if(NOT code EQUAL 0 OR NOT said STREQUAL "")
      message(FATAL_ERROR "with ${flag} the compiler should say nothing:\n${said}")
    endif()
  endforeach()
endif()
