# SPDX-License-Identifier: MIT
# Every relative link in README.md, its neighbours and docs/ leads to a file of the project.
# Usage: cmake -D source=FOLDER -P links.cmake

file(GLOB_RECURSE pages ${source}/docs/*.md)
file(GLOB neighbours ${source}/*.md)
list(APPEND pages ${neighbours})
set(broken "")
foreach(page IN LISTS pages)
  file(READ "${page}" text)
  # Brackets and semicolons mean something in CMake lists.
  string(REPLACE "](" "@link(" text "${text}")
  string(REGEX REPLACE "[][;]" "" text "${text}")
  # A lambda's `[&](auto const& x)` is no link: a target has no blank and ends at once.
  string(REGEX MATCHALL "@link\\([^)# \n]+[)#]" links "${text}")
  cmake_path(GET page PARENT_PATH folder)
  foreach(link IN LISTS links)
    string(REGEX REPLACE "^@link\\(|[)#]$" "" target "${link}")
    if(NOT target MATCHES "^[a-z]+:" AND NOT EXISTS "${folder}/${target}")
      string(APPEND broken "\n  ${page}: ${target}")
    endif()
  endforeach()
endforeach()
if(broken)
  message(FATAL_ERROR "These links lead nowhere:${broken}")
endif()
