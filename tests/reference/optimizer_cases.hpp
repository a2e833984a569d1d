// SPDX-License-Identifier: MIT
// Writes what an optimizer does to some tensors as a folder that check_optimizers.py compares with
// PyTorch. Each file of optimizers/ registers its cases; optimizers/NAME.py is the other side.
#pragma once

#include <dormant/concepts.hpp>
#include <dormant/io/atomic_file.hpp>
#include <dormant/io/safetensors.hpp>
#include <dormant/random.hpp>
#include <dormant/tensor.hpp>
#include <dormant/tensor_spec.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace optimizer_cases {

namespace dm = dormant;
using nlohmann::json;

/// One tensor of the problem.
struct tensor {
  std::string_view name;
  std::size_t rows;
  std::size_t cols;
  dm::group group;
};

/// Matrices that are square, wide and tall, vectors, and something of every group.
[[nodiscard]] inline std::vector<tensor> all_tensors() {
  return {{"tok_embeddings.weight", 7, 6, dm::group::embeddings},
          {"layers.0.attention.wq.weight", 6, 6, dm::group::attention},
          {"layers.0.attention.wg.bias", 1, 6, dm::group::attention},
          {"layers.0.ff.w1.weight", 17, 6, dm::group::mlp},
          {"layers.0.ff.w2.weight", 6, 17, dm::group::mlp},
          {"norm.weight", 1, 6, dm::group::norms},
          {"output.weight", 7, 6, dm::group::output}};
}

/// Runs an optimizer on a problem whose gradient is a number of its own for each step and element,
/// plus `pull` times the parameter, so that a step that is off changes those after it.
class writer {
public:
  static constexpr std::uint64_t steps = 5;
  static constexpr double pull = 0.3;

  explicit writer(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// \param reference the file of optimizers/ that computes it in PyTorch
  /// \param hyper_parameters what it is told
  template <class Optimizer>
  void operator()(std::string const& name, std::string const& reference, Optimizer const& how,
                  json const& hyper_parameters,
                  std::vector<tensor> const& tensors = all_tensors()) const {
    auto const folder = folder_ / name;
    std::filesystem::create_directories(folder);
    auto const specs = placed(tensors);
    std::size_t const size = specs.back().offset + specs.back().size();
    dm::arena<double> p(size), g(size), noise(size);
    fill(p, 0, 0.5);
    save(folder / "start.safetensors", specs, p);

    using arch = xsimd::default_arch;
    auto memory = dm::detail::state_for<double>(how, specs, size);
    for (std::uint64_t t = 1; t <= steps; ++t) {
      fill(noise, t, 0.1);
      save(folder / ("gradient_" + std::to_string(t) + ".safetensors"), specs, noise);
      for (std::size_t i = 0; i < size; ++i) g.data()[i] = noise.data()[i] + pull * p.data()[i];
      for (auto const& s : specs) {
        how.template step<arch, double>(memory,
                                        {.parameters = p.span().subspan(s.offset, s.size()),
                                         .gradients = g.span().subspan(s.offset, s.size()),
                                         .offset = s.offset,
                                         .rows = s.rows,
                                         .cols = s.cols,
                                         .name = s.name.view(),
                                         .group = s.group},
                                        t);
      }
    }
    save(folder / "after.safetensors", specs, p);
    json config{{"reference", reference},
                {"steps", steps},
                {"pull", pull},
                {"hyper_parameters", hyper_parameters}};
    for (auto const& t : tensors) config["groups"][std::string(t.name)] = word(t.group);
    dm::write_file_atomically(folder / "config.json", config.dump(1) + "\n");
  }

private:
  static std::vector<dm::tensor_spec> placed(std::vector<tensor> const& tensors) {
    std::vector<dm::tensor_spec> out;
    std::size_t end = 0;
    for (auto const& t : tensors) {
      auto& spec = out.emplace_back();
      spec.name.add(t.name);
      spec.rows = t.rows;
      spec.cols = t.cols;
      spec.group = t.group;
      spec.offset = end;
      end += dm::padded<double>(spec.size());
    }
    return out;
  }
  static void fill(dm::arena<double>& out, std::uint64_t step, double size) {
    dm::random_stream draw(11, dm::stream::user, step, 0);
    for (auto& x : out.span()) x = size * draw.normal();
  }
  static void save(std::filesystem::path const& path, std::vector<dm::tensor_spec> const& specs,
                   dm::arena<double> const& values) {
    std::vector<dm::tensor_ref> out;
    for (auto const& s : specs) {
      out.push_back(dm::make_tensor_ref<double>(dm::tensor_name(s), {s.rows, s.cols},
                                                values.span().subspan(s.offset, s.size())));
    }
    dm::write_safetensors(path, out);
  }
  static char const* word(dm::group of) {
    switch (of) {
    case dm::group::embeddings: return "embeddings";
    case dm::group::attention: return "attention";
    case dm::group::mlp: return "mlp";
    case dm::group::norms: return "norms";
    case dm::group::output: return "output";
    }
    return "";
  }

  std::filesystem::path folder_;
};

using cases = void (*)(writer const&);

[[nodiscard]] inline std::vector<cases>& registered() {
  static std::vector<cases> all;
  return all;
}
/// A namespace-scope object of this type registers the cases of a file.
struct of_file {
  explicit of_file(cases write) { registered().push_back(write); }
};

} // namespace optimizer_cases
