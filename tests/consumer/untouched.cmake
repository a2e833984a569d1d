# SPDX-License-Identifier: MIT
# What a project must find as it was after it has taken the library in. Included before that.

set(flags CMAKE_CXX_FLAGS CMAKE_CXX_EXTENSIONS CMAKE_CXX_STANDARD CMAKE_CXX_COMPILER_LAUNCHER
  CMAKE_BUILD_TYPE CMAKE_COMPILE_WARNING_AS_ERROR CMAKE_EXPORT_COMPILE_COMMANDS)
foreach(flag IN LISTS flags)
  set(before_${flag} "${${flag}}")
endforeach()

function(check_untouched)
  foreach(flag IN LISTS flags)
    if(NOT "${${flag}}" STREQUAL "${before_${flag}}")
      message(SEND_ERROR "the library changes ${flag} to '${${flag}}'")
    endif()
  endforeach()

  # One target, without a flag of its own; no test.
  get_directory_property(targets DIRECTORY ${DORMANT_SOURCE} BUILDSYSTEM_TARGETS)
  get_directory_property(tests DIRECTORY ${DORMANT_SOURCE} TESTS)
  get_directory_property(folders DIRECTORY ${DORMANT_SOURCE} SUBDIRECTORIES)
  if(NOT "${targets};${tests};${folders}" STREQUAL "dormant;;")
    message(SEND_ERROR "the library brings along: ${targets};${tests};${folders}")
  endif()
  foreach(property IN ITEMS INTERFACE_COMPILE_OPTIONS INTERFACE_COMPILE_DEFINITIONS
                            INTERFACE_LINK_OPTIONS)
    get_target_property(value dormant ${property})
    if(value)
      message(SEND_ERROR "the library's target has ${property} ${value}")
    endif()
  endforeach()

  # No option in the cache.
  get_cmake_property(cached CACHE_VARIABLES)
  list(FILTER cached INCLUDE REGEX "^DORMANT_")
  list(REMOVE_ITEM cached DORMANT_SOURCE)
  if(cached)
    message(SEND_ERROR "the library puts into the cache: ${cached}")
  endif()
endfunction()
