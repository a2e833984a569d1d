// SPDX-License-Identifier: MIT
// Writes folders of every family, with the logits of two rows of tokens, for check_folders.py.
#include <dormant/dormant.hpp>
#include <dormant/source/save_folder.hpp>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dm = dormant;

namespace {

constexpr dm::shape small{.layers = 2,
                          .heads = 4,
                          .width = 24,
                          .vocab = 11,
                          .context = 9,
                          .kv_heads = 2,
                          .mlp_width = 40};
constexpr dm::shape paper{.layers = 2, .heads = 4, .width = 24, .vocab = 11, .context = 9};

dm::batch some_rows() {
  dm::batch rows(2, paper.context, nullptr, false);
  for (std::size_t b = 0; b < rows.rows(); ++b) {
    for (std::size_t t = 0; t <= paper.context; ++t) {
      rows.tokens(b)[t] = static_cast<dm::token>((3 * b + 5 * t * t) % paper.vocab);
    }
  }
  return rows;
}

/// Gains and biases away from one and zero, save those whose name has `not_these` in it.
template <class Net>
Net moved(Net net, std::string_view not_these = "none") {
  dm::random_stream draw(7, dm::stream::parameters, 0, 0);
  for (auto const& t : net.tensors()) {
    if (t.name.view().find(not_these) != std::string_view::npos) continue;
    for (auto& p : net.parameters().subspan(t.offset, t.size())) p += 0.1 * draw.normal();
  }
  return net;
}

template <class Family, class Net>
void write(std::filesystem::path const& folder, Net const& net) {
  dm::save_folder<Family>(net, folder);
  auto const rows = some_rows();
  dm::record<dm::site::logits, double> logits;
  net.evaluate(rows, logits);
  auto const found = logits.values(net.shape.layers - 1);
  std::vector<double> const values(found.begin(), found.end());
  std::vector<std::int32_t> ids;
  for (std::size_t b = 0; b < rows.rows(); ++b) {
    auto const row = rows.sequence(b).inputs;
    ids.insert(ids.end(), row.begin(), row.end());
  }
  std::vector<dm::tensor_ref> const tensors{
      dm::make_tensor_ref<double>("logits", {2, paper.context, paper.vocab}, values),
      dm::make_tensor_ref<std::int32_t>("input_ids", {2, paper.context}, ids)};
  dm::write_safetensors(folder / "expected.safetensors", tensors);
}

void write_all(std::filesystem::path const& out) {
  using namespace dormant;
  std::filesystem::remove_all(out);
  write<gpt2<relu_unit>>(out / "paper", transformer<paper, softmax, double>({.seed = 1}));
  write<gpt2<gelu_tanh>>(out / "gpt2", moved(gpt2<>::net<double>(sizes(paper), {.seed = 2})));
  write<llama>(out / "llama", transformer<small,
                                          block<residual<rms_norm, attention<softmax, rotary<>>>,
                                                residual<rms_norm, gated_mlp<silu>>>,
                                          no_positions, last_norm<rms_norm>, double>({.seed = 3}));
  write<llama>(out / "llama_biased", moved(llama::net<double>(sizes(small), {.seed = 4})));
  auto clipped = sizes(small);
  clipped.clip = 0.5;
  write<olmo>(out / "olmo", moved(olmo::net<double>(clipped, {.seed = 5}), ".ff."));
  write<olmo2>(out / "olmo2", moved(olmo2::net<double>(sizes(small), {.seed = 6}), ".ff."));
  auto turned = sizes(paper);
  turned.rotary.dimensions = 2;
  write<gpt_neox<true>>(out / "neox", moved(gpt_neox<true>::net<double>(turned, {.seed = 7})));
  write<gpt_neox<false>>(out / "neox_serial",
                         moved(gpt_neox<false>::net<double>(turned, {.seed = 8})));
}

} // namespace

int main(int count, char** arguments) try {
  if (count != 2) {
    std::fputs("usage: dump_folders FOLDER\n", stderr);
    return 2;
  }
  write_all(arguments[1]);
} catch (std::exception const& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
