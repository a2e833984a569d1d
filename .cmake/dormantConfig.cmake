# SPDX-License-Identifier: MIT
# find_package(dormant): the target dormant::dormant, and the same dependencies found again.

include(${CMAKE_CURRENT_LIST_DIR}/dormantDependencies.cmake)
if(dormant_NOT_FOUND_MESSAGE)
  set(dormant_FOUND FALSE)
  return()
endif()
include(${CMAKE_CURRENT_LIST_DIR}/dormantTargets.cmake)
target_include_directories(dormant::dormant SYSTEM INTERFACE ${RANDOM123_INCLUDE_DIR})
