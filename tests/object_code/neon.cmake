# SPDX-License-Identifier: MIT
# Compiles the tile for NEON and reads the loop of every full tile: exactly one fused multiply-add a
# chain, each by one lane of a factor; nothing on the stack; and beside them only the loads (one a row,
# and the vectors of B) and four instructions that count and step. Nothing is run.
# Usage: cmake -D compiler=FILE -D source=FILE -D include=FOLDER -D folder=SCRATCH -P neon.cmake

if(NOT EXISTS "${compiler}")
  message("skipped: aarch64-linux-gnu-g++ is missing (Debian: g++-aarch64-linux-gnu)")
  return()
endif()
file(MAKE_DIRECTORY ${folder})
execute_process(COMMAND ${compiler} -std=c++20 -O2 -I${include} -idirafter /usr/include
    -S ${source} -o ${folder}/tile.s
  COMMAND_ERROR_IS_FATAL ANY)
file(READ ${folder}/tile.s code)
string(REGEX REPLACE "[];[]" "!" code "${code}") # which CMake's lists take for their own
string(REPLACE "\n" ";" code "${code}")

# check NAME ROWS VECTORS: the loop that was read last, of a tile of that size.
function(check name rows vectors)
  set(multiplied 0)
  set(others 0)
  foreach(line IN LISTS loop)
    if(line MATCHES "sp[,!]")
      message(FATAL_ERROR "${name}: the loop goes to the stack: ${line}")
    elseif(line MATCHES "^\tfmla\tv[0-9]+\\.(4s|2d), v[0-9]+\\.(4s|2d), v[0-9]+\\.[sd]!0!$")
      math(EXPR multiplied "${multiplied} + 1")
    else()
      math(EXPR others "${others} + 1")
    endif()
  endforeach()
  math(EXPR expected "${rows} * ${vectors}")
  math(EXPR most "${rows} + ${vectors} + 4")
  message(STATUS "${name}: ${multiplied} fmla by lane (${expected} expected), ${others} others (at most ${most})")
  if(NOT multiplied EQUAL expected OR others GREATER most)
    list(JOIN loop "\n" text)
    message(FATAL_ERROR "${name}: the loop is not what it should be:\n${text}")
  endif()
endfunction()

set(read "")
set(tile "")
set(label "")
set(loop "")
foreach(line IN LISTS code)
  if(line MATCHES "^_Z.*full_tile.*neon64E([fd])NS.*in_fullELb([01])ELb0ELb0EJ(.*)EEEEv.*:$")
    set(type ${CMAKE_MATCH_1})
    math(EXPR vectors "1 + ${CMAKE_MATCH_2}")
    string(REGEX MATCHALL "Lm[0-9]+" rows "${CMAKE_MATCH_3}")
    list(LENGTH rows rows)
    set(tile "${type} ${rows}x${vectors}")
  elseif(line MATCHES "^_Z.*:$")
    set(tile "")
  elseif(line MATCHES "^(\\.L[0-9]+):$")
    set(label "${CMAKE_MATCH_1}")
    set(loop "")
  elseif(tile AND line MATCHES "^\t[a-z]")
    list(APPEND loop "${line}")
    if(line MATCHES "^\tb[.a-z]*\t${label}$" AND loop MATCHES "fmla")
      check("${tile}" ${rows} ${vectors})
      list(APPEND read "${tile}")
    endif()
  endif()
endforeach()

list(SORT read)
if(NOT read STREQUAL "d 8x1;d 8x2;f 8x1;f 8x2")
  message(FATAL_ERROR "expected the loops of four full tiles, found: ${read}")
endif()
