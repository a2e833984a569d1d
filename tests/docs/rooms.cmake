# SPDX-License-Identifier: MIT
# Each dependency has one room, and arrows run one way: kernels know nothing of models, models
# nothing of tasks but the batch, tasks nothing of training.
# Usage: cmake -D include=FOLDER -P rooms.cmake

set(strays "")

# only_in WHERE WHAT: headers whose name does not match WHERE have no include that matches WHAT.
function(only_in where what)
  file(GLOB_RECURSE headers RELATIVE ${include}/dormant ${include}/dormant/*.hpp)
  list(FILTER headers EXCLUDE REGEX "${where}")
  foreach(header IN LISTS headers)
    file(STRINGS ${include}/dormant/${header} lines REGEX "^#include [<\"]${what}")
    foreach(line IN LISTS lines)
      string(APPEND strays "\n  ${header}: ${line}")
    endforeach()
  endforeach()
  set(strays "${strays}" PARENT_SCOPE)
endfunction()

# reads ROOM ALLOWED: headers of a room include no header of dormant but those that match ALLOWED.
function(reads room allowed)
  file(GLOB_RECURSE headers RELATIVE ${include}/dormant ${include}/dormant/${room}/*.hpp)
  foreach(header IN LISTS headers)
    file(STRINGS ${include}/dormant/${header} lines REGEX "^#include \"dormant/")
    list(FILTER lines EXCLUDE REGEX "\"dormant/(${allowed})")
    foreach(line IN LISTS lines)
      string(APPEND strays "\n  ${header}: ${line}")
    endforeach()
  endforeach()
  set(strays "${strays}" PARENT_SCOPE)
endfunction()

only_in("^tensor\\.hpp" "xtensor/")
only_in("^variants\\.hpp" "boost/hana")
only_in("^theory/" "boost/numeric")
only_in("^(line_fit|proportion)\\.hpp" "boost/math")
only_in("^io/" "nlohmann/")
only_in("^random\\.hpp" "Random123/")

reads(kernels "kernels/|error\\.hpp|detail/arithmetic\\.hpp")
reads(io "io/|error\\.hpp")
reads(nonlinearity "nonlinearity/|kernels/|detail/arithmetic\\.hpp")
reads(task "task/|io/|random\\.hpp|shape\\.hpp|error\\.hpp|concepts\\.hpp")
reads(plan "plan/|kernels/|(error|shape|sites|tensor|tensor_spec)\\.hpp")
reads(pass "pass/|plan/|kernels/|detail/|task/batch\\.hpp|(error|sites|tensor)\\.hpp")
reads(part "part/|plan/|kernels/|nonlinearity/|pass/grid_view\\.hpp|(error|sites)\\.hpp")
reads(fast "fast/|part/|pass/|plan/|kernels/|(concepts|shape)\\.hpp")
reads(model "model/|part/|pass/|plan/|nonlinearity/|kernels/|(concepts|error|random|shape|tensor|torch_random)\\.hpp")

if(strays)
  message(FATAL_ERROR "These includes are in the wrong room:${strays}")
endif()
