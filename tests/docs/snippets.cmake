# SPDX-License-Identifier: MIT
# Every ```cpp block of docs/write-your-own compiles as it stands, and together they train.
# Usage: cmake -D source=FOLDER -D compiler=CXX -D work=FOLDER -P snippets.cmake

file(MAKE_DIRECTORY ${work})
file(GLOB pages ${source}/docs/write-your-own/*.md)
set(program "#include <dormant/dormant.hpp>\n#include <cmath>\n#include <vector>\nnamespace dm = dormant;\n")
foreach(page IN LISTS pages)
  cmake_path(GET page STEM name)
  # Line by line and as text with harmless brackets, because CMake lists would trip over them.
  file(READ ${page} text)
  string(FIND "${text}" "```cpp\n" begin)
  if(begin EQUAL -1)
    message(FATAL_ERROR "${page} shows no code")
  endif()
  set(count 0)
  while(NOT begin EQUAL -1)
    math(EXPR begin "${begin} + 7")
    string(SUBSTRING "${text}" ${begin} -1 text)
    string(FIND "${text}" "```" end)
    string(SUBSTRING "${text}" 0 ${end} block)
    file(WRITE ${work}/${name}_${count}.inc "${block}")
    string(APPEND program "#include \"${name}_${count}.inc\"\n")
    math(EXPR count "${count} + 1")
    math(EXPR end "${end} + 3")
    string(SUBSTRING "${text}" ${end} -1 text)
    string(FIND "${text}" "```cpp\n" begin)
  endwhile()
endforeach()
string(APPEND program [[
int main() {
  constexpr dm::shape s{.width = 16, .vocab = 67, .context = 16};
  static_assert(dm::task<copy_the_first<s>>);
  copy_the_first<s> task;
  auto net = dm::transformer<s, elu_plus_one>();
  dm::history log(dm::every{5}, largest_activation{});
  dm::train(net, task, changing, {.steps = 20, .batch = 4}, log, halve_the_mlp{},
            keep_values_small{});
  return log.rows().size() == 5 && log.rows().back()["largest_activation.most"] > 0 ? 0 : 1;
}
]])
file(WRITE ${work}/snippets.cpp "${program}")
execute_process(
  COMMAND ${compiler} -std=c++20 -O1 -Wall -Wextra -Wconversion -Wshadow -Werror
    -I${source}/include ${work}/snippets.cpp -o ${work}/snippets
  RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "the code in docs/write-your-own does not compile")
endif()
execute_process(COMMAND ${work}/snippets RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "the code in docs/write-your-own does not do what the pages say")
endif()
