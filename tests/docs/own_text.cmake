# SPDX-License-Identifier: MIT
# README's commands that make a bigram table from a text and train on it, as they stand there.
# Usage: cmake -D readme=FILE -D programs=FOLDER -D folder=EMPTY_FOLDER -P own_text.cmake

file(READ ${readme} page)
string(FIND "${page}" "```sh\ntr " begin)
if(begin EQUAL -1)
  message(FATAL_ERROR "README does not say how to make a bigram table from a text")
endif()
math(EXPR begin "${begin} + 6")
string(SUBSTRING "${page}" ${begin} -1 commands)
string(FIND "${commands}" "```" end)
string(SUBSTRING "${commands}" 0 ${end} commands)

file(REMOVE_RECURSE ${folder})
file(MAKE_DIRECTORY ${folder}/build/release)
file(CREATE_LINK ${programs} ${folder}/build/release/examples SYMBOLIC)
file(CREATE_LINK ${readme} ${folder}/README.md SYMBOLIC)
file(WRITE ${folder}/commands "${commands}")
execute_process(COMMAND bash -e commands WORKING_DIRECTORY ${folder}
  RESULT_VARIABLE failed OUTPUT_VARIABLE output ERROR_VARIABLE errors)
if(failed)
  message(FATAL_ERROR "README's commands end with ${failed}:\n${commands}\n${output}${errors}")
endif()
file(STRINGS ${folder}/letters.csv head LIMIT_COUNT 1 REGEX "^id,codepoint,unigram,0,1,")
if(head STREQUAL "" OR NOT EXISTS ${folder}/out/letters/metrics.csv)
  message(FATAL_ERROR "README's commands left no table, or no run on it:\n${output}${errors}")
endif()
