# SPDX-License-Identifier: MIT
# Fuzzes from a copy of the corpus, so that what is found stays out of the source tree.
# Usage: cmake -D program=FILE -D corpus=FOLDER -D folder=SCRATCH -D seconds=N -P fuzz.cmake

file(MAKE_DIRECTORY ${folder}/new)
set(start "")
if(EXISTS ${corpus})
  set(start ${corpus}) # only the first folder is written to
endif()
execute_process(
  COMMAND ${program} -max_total_time=${seconds} -timeout=10 -rss_limit_mb=2048
    -print_final_stats=1 -artifact_prefix=${folder}/ ${folder}/new ${start}
  RESULT_VARIABLE result)
if(NOT result STREQUAL "0")
  message(FATAL_ERROR "${program} ended with ${result}; the input is in ${folder}")
endif()
