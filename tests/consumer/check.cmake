# SPDX-License-Identifier: MIT
# Installs from `build`, then configures, builds and runs `project` against the installed copy.
# Usage: cmake -D build=FOLDER -D project=FOLDER -D folder=SCRATCH -D compiler=FILE
#        -D generator=NAME -P check.cmake

set(prefix ${folder}/prefix)
set(binary ${folder}/build)
file(REMOVE_RECURSE ${prefix} ${binary})

execute_process(COMMAND ${CMAKE_COMMAND} --install ${build} --prefix ${prefix}
  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} -S ${project} -B ${binary} -G ${generator}
  -D CMAKE_PREFIX_PATH=${prefix} -D CMAKE_CXX_COMPILER=${compiler}
  COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${binary} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${binary}/consumer COMMAND_ERROR_IS_FATAL ANY)
