# SPDX-License-Identifier: MIT
# A demo of few steps, twice into one folder: complete, self-contained, and honest about having
# shown nothing.
# Usage: cmake -D program=FILE -D folder=FOLDER -P report.cmake

file(REMOVE_RECURSE ${folder})
foreach(time 1 2)
  execute_process(COMMAND ${program} --steps 20 --seeds 2 --out ${folder}
    RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE errors)
  if(NOT result STREQUAL "0")
    message(FATAL_ERROR "run ${time} ended with ${result}:\n${output}${errors}")
  endif()
endforeach()
if(NOT output MATCHES "\n[^\n]*/report\\.html\n$")
  message(FATAL_ERROR "the last line is not the path of the report:\n${output}")
endif()

file(READ ${folder}/report.html page)
string(REGEX MATCHALL "<svg" pictures "${page}")
list(LENGTH pictures count)
if(NOT count EQUAL 6)
  message(FATAL_ERROR "the report has ${count} pictures instead of 6")
endif()
if(page MATCHES "<title>([^<]*(\\$|using |_plot_)[^<]*|Gnuplot)</title>")
  message(FATAL_ERROR "a picture has a title that gnuplot made up: ${CMAKE_MATCH_1}")
endif()
if(page MATCHES "(src|<link|@import|<script|url\\()")
  message(FATAL_ERROR "the report needs something beside itself: ${CMAKE_MATCH_0}")
endif()
if(page MATCHES "[^a-z](nan|inf)[^a-z]")
  message(FATAL_ERROR "the report holds a number that is none")
endif()
if(NOT page MATCHES "<span>not established</span>" OR page MATCHES "<span>holds" OR
    NOT page MATCHES "Shown by 0 of 2 seeds, rate 0\\.00 \\(0\\.00 to 0\\.78\\)")
  message(FATAL_ERROR "the report does not say that 20 steps show nothing")
endif()

file(STRINGS ${folder}/curves.csv curves)
list(LENGTH curves count)
if(NOT count EQUAL 127) # a header; 3 stories, 2 seeds, steps 0 to 20
  message(FATAL_ERROR "curves.csv has ${count} lines instead of 127")
endif()
file(STRINGS ${folder}/measurements.csv measurements)
list(LENGTH measurements count)
if(NOT count EQUAL 19) # a header; 3 stories, 2 seeds, 3 parts removed
  message(FATAL_ERROR "measurements.csv has ${count} lines instead of 19")
endif()
file(GLOB left ${folder}/*)
list(LENGTH left count)
if(NOT count EQUAL 5)
  message(FATAL_ERROR "the folder holds more or less than five files: ${left}")
endif()

file(READ ${folder}/run.json info)
foreach(path settings,steps settings,adamw_lr shards task,fingerprint date versions,xtensor
    versions,random123 build,commit build,flags machine,cpu)
  string(REPLACE "," ";" path ${path})
  string(JSON value ERROR_VARIABLE missing GET "${info}" ${path})
  if(missing)
    message(FATAL_ERROR "run.json has no ${path}: ${missing}")
  endif()
endforeach()
string(JSON type TYPE "${info}" settings steps)
if(NOT type STREQUAL "NUMBER" OR NOT page MATCHES "run\\.json")
  message(FATAL_ERROR "steps are no number in run.json, or the report does not name it")
endif()
