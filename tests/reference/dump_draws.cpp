// SPDX-License-Identifier: MIT
// Writes the initial parameters that draw_as_torch gives, for check_draws_against_torch.py.
#include <dormant/checkpoint.hpp>
#include <dormant/dormant.hpp>
#include <dormant/model/torch_initial_values.hpp>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>

namespace dm = dormant;

namespace {

constexpr dm::shape paper{.width = 256, .vocab = 67, .context = 256};
constexpr dm::shape odd{.layers = 3, .heads = 3, .width = 33, .vocab = 13, .context = 7};

template <class Net>
void write(std::filesystem::path const& folder, char const* name, std::uint64_t seed) {
  Net net;
  dm::draw_as_torch(net, seed);
  dm::save_checkpoint(folder / (std::string(name) + "." + std::to_string(seed) + ".safetensors"),
                      net);
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    std::filesystem::path const folder = argv[1];
    std::filesystem::create_directories(folder);
    write<dm::transformer<paper, dm::softmax>>(folder, "paper", 42);
    write<dm::transformer<odd, dm::softmax>>(folder, "odd", 42);
    write<dm::transformer<odd, dm::softmax>>(folder, "odd", 4294967297); // torch sees its low half
  } catch (std::exception const& e) {
    std::fprintf(stderr, "dump_draws: %s\n", e.what());
    return 1;
  }
}
