# SPDX-License-Identifier: MIT
# Builds the API reference; warnings are errors. The words a reader looks for have their page, and
# the main page's links lead somewhere.
# Usage: cmake -D doxygen=FILE -D source=FOLDER -D version=1.2.3 -D folder=OUTPUT -P reference.cmake

if(NOT doxygen)
  message(FATAL_ERROR "Doxygen is not installed, so there is no API reference")
endif()
file(REMOVE_RECURSE ${folder})
file(WRITE ${folder}/Doxyfile
  "@INCLUDE = docs/Doxyfile\nPROJECT_NUMBER = ${version}\nOUTPUT_DIRECTORY = \"${folder}\"\n")
execute_process(COMMAND ${doxygen} ${folder}/Doxyfile WORKING_DIRECTORY ${source}
  COMMAND_ERROR_IS_FATAL ANY)

foreach(page IN ITEMS classdormant_1_1transformer structdormant_1_1adamw conceptdormant_1_1probe
                      namespacedormant namespacedormant_1_1site md_docs_architecture)
  if(NOT EXISTS ${folder}/html/${page}.html)
    message(SEND_ERROR "the reference has no page ${page}.html")
  endif()
endforeach()
file(STRINGS ${folder}/html/namespacedormant.html verbs REGEX ">side_by_side<")
if(NOT verbs)
  message(SEND_ERROR "the reference does not show the function side_by_side")
endif()

file(READ ${folder}/html/index.html text)
string(REGEX MATCHALL "(href|src)=\"[^\":#]+[\"#]" links "${text}")
foreach(link IN LISTS links)
  string(REGEX REPLACE ".*=\"|[\"#]$" "" target "${link}")
  if(NOT EXISTS ${folder}/html/${target})
    message(SEND_ERROR "the reference's main page links to ${target}, which is not there")
  endif()
endforeach()
message(STATUS "the API reference is in ${folder}/html/index.html")
