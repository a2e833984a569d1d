// SPDX-License-Identifier: MIT
// evaluate_checkpoint: the same numbers as the library, and how it says no.
#include "dormant/checkpoint.hpp"
#include "dormant/dormant.hpp"
#include "dormant/io/npy.hpp"

#include "catch.hpp"
#include "programs/program.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace dm = dormant;
using scratch::folder;
using words = std::vector<std::string>;

namespace {

constexpr dm::shape demo{.width = 64, .vocab = 67, .context = 64};
using network = dm::transformer<demo, dm::softmax>;

/// A folder with m.safetensors and tokens.npy, [3, 10].
struct setting {
  setting() {
    dm::save_checkpoint(here / "m.safetensors", network({.seed = 5}));
    for (std::size_t i = 0; i < 30; ++i) tokens.push_back(static_cast<std::int64_t>(i * i % 67));
    write_tokens("tokens.npy", {3, 10});
  }
  void write_tokens(std::string const& name, std::vector<std::size_t> const& shape) const {
    dm::write_npy<std::int64_t>(here / name, shape, tokens);
  }
  [[nodiscard]] programs::outcome run(words more, std::string const& checkpoint = "m.safetensors",
                                      std::string const& read = "tokens.npy") const {
    if (std::find(more.begin(), more.end(), "--attention") == more.end()) {
      more.insert(more.end(), {"--attention", "softmax"});
    }
    more.insert(more.begin(), {"--checkpoint", checkpoint, "--tokens", read, "--out", "out"});
    return programs::run(here.path(), "evaluate_checkpoint", more);
  }
  [[nodiscard]] std::string failure(words const& more, std::string const& checkpoint,
                                    std::string const& read = "tokens.npy") const {
    return programs::mistake(run(more, checkpoint, read), "evaluate_checkpoint", 1);
  }
  [[nodiscard]] std::string misuse(words const& more) const {
    return programs::mistake(run(more), "evaluate_checkpoint", 2);
  }

  folder here;
  std::vector<std::int64_t> tokens;
};

dm::batch batch_of(std::vector<std::int64_t> const& tokens, std::size_t rows) {
  std::size_t const columns = tokens.size() / rows;
  dm::batch batch(rows, columns - 1, nullptr, false);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    batch.tokens(i / columns)[i % columns] = static_cast<dm::token>(tokens[i]);
  }
  return batch;
}

auto contains(char const* text) { return Catch::Contains(text); }

} // namespace

TEST_CASE("a checkpoint computes what the library computes", "[programs]") {
  setting const s;
  auto const found = s.run({"--sites", "pattern,resid_post,embed", "--gradients"});
  REQUIRE(found.err == "");
  REQUIRE(found.code == 0);

  network const net({.seed = 5});
  auto const batch = batch_of(s.tokens, 3);
  dm::record<dm::site::logits> logits;
  auto const expected = net.evaluate(batch, logits);
  auto const kept = logits.values(0);
  auto const read = dm::read_npy<float>(s.here / "out/logits.npy");
  CHECK(read.shape == std::vector<std::size_t>{3, 9, 67});
  // The program may be compiled with other flags, so a rounding error is allowed.
  float difference = 0;
  for (std::size_t i = 0; i < read.values.size(); ++i) {
    difference = std::max(difference, std::abs(kept.data()[i] - read.values[i]));
  }
  CHECK(difference < 1e-5F);
  CHECK(std::stod(scratch::read(s.here / "out/loss.txt")) == Approx(expected.loss).epsilon(1e-6));

  using sizes = std::vector<std::size_t>;
  CHECK(dm::read_npy<float>(s.here / "out/pattern.0.npy").shape == sizes{3, 1, 9, 9});
  CHECK(dm::read_npy<float>(s.here / "out/resid_post.0.npy").shape == sizes{3, 9, 64});
  CHECK(dm::read_npy<float>(s.here / "out/embed.npy").shape == sizes{3, 9, 64});
  auto const gradients = dm::safetensors_file::open(s.here / "out/gradients.safetensors");
  CHECK(gradients.names().size() == network::plan::tensors.size());
}

TEST_CASE("precision and positions are as asked for", "[programs]") {
  setting const s;
  REQUIRE(s.run({"--precision", "double", "--inputs-only"}).code == 0);
  auto const logits = dm::read_npy<double>(s.here / "out/logits.npy");
  CHECK(logits.shape == std::vector<std::size_t>{3, 10, 67});
  // The loss is that of the nine positions whose next token is known.
  auto const expected = network({.seed = 5}).evaluate(batch_of(s.tokens, 3)).loss;
  CHECK(std::stod(scratch::read(s.here / "out/loss.txt")) == Approx(expected).epsilon(1e-6));
}

TEST_CASE("evaluate_checkpoint refuses wrong words", "[programs]") {
  setting const s;
  CHECK_THAT(s.misuse({"--sites", "pattern,patern"}),
             contains("--sites: there is no 'patern'; choose among tok_embed, pos_embed, embed, "));
  CHECK_THAT(s.misuse({"--precision", "half"}), contains("choose one of float, double"));
  CHECK_THAT(s.misuse({"--gradient"}), contains("there is no option '--gradient'"));
  CHECK_THAT(programs::mistake(programs::run(s.here.path(), "evaluate_checkpoint", {}),
                               "evaluate_checkpoint", 2),
             contains("--checkpoint is required"));
  CHECK_FALSE(std::filesystem::exists(s.here / "out"));
}

TEST_CASE("evaluate_checkpoint refuses wrong tokens", "[programs]") {
  setting s;
  auto const refused = [&](std::string const& name) {
    return s.failure({}, "m.safetensors", name);
  };
  CHECK_THAT(refused("none.npy"), contains("cannot read 'none.npy': no such file"));
  s.write_tokens("flat.npy", {30});
  CHECK_THAT(refused("flat.npy"), contains("the shape is [30], expected [B, T + 1]"));
  s.write_tokens("thin.npy", {30, 1});
  CHECK_THAT(refused("thin.npy"), contains("the shape is [30, 1], expected [B, T + 1]"));
  scratch::write(s.here / "text.npy", "1 2 3");
  CHECK_THAT(refused("text.npy"), contains("does not start as a .npy file does"));
  dm::write_npy<float>(s.here / "float.npy", std::vector<std::size_t>{1, 2},
                       std::vector<float>{1, 2});
  CHECK_THAT(refused("float.npy"), contains("the dtype is 'f4', expected integers"));
  s.tokens[17] = 67;
  s.write_tokens("high.npy", {3, 10});
  CHECK_THAT(refused("high.npy"), contains("token 67 at [1, 7] is outside the vocabulary of 67"));
  s.tokens[17] = -1;
  s.write_tokens("low.npy", {3, 10});
  CHECK_THAT(refused("low.npy"), contains("token -1 at [1, 7] is outside"));
  s.tokens.assign(66, 1);
  s.write_tokens("long.npy", {1, 66});
  CHECK_THAT(refused("long.npy"), contains("65 tokens a row are to be read, but the model's "
                                           "context is 64"));
  CHECK_FALSE(std::filesystem::exists(s.here / "out"));
}

TEST_CASE("evaluate_checkpoint refuses wrong checkpoints", "[programs]") {
  setting const s;
  auto const whole = scratch::read(s.here / "m.safetensors");
  scratch::write(s.here / "short.safetensors", whole.substr(0, whole.size() - 100));
  scratch::write(s.here / "huge.safetensors", std::string(8, '\x7f') + whole.substr(8));
  scratch::write(s.here / "empty.safetensors", "");
  auto const refused = [&](words const& more, std::string const& name) {
    return s.failure(more, name + ".safetensors");
  };
  CHECK_THAT(refused({}, "none"), contains("cannot read 'none.safetensors'"));
  CHECK_THAT(refused({}, "short"), contains("it may have been cut short"));
  CHECK_THAT(refused({}, "huge"), contains("more than the format allows"));
  CHECK_THAT(refused({}, "empty"), contains("too few for a safetensors file"));
  CHECK_THAT(refused({"--layers", "2"}, "m"), contains("tensor 'layers.1.attention_norm.weight'"));
  CHECK_THAT(refused({"--attention", "sink_logit"}, "m"),
             contains("tensor 'layers.0.attention.sink.weight' is missing"));
  CHECK_THAT(refused({"--shape", "paper"}, "m"),
             contains("tensor 'tok_embeddings.weight' has shape [67, 64], expected [67, 256]"));

  auto const save = [&](std::string const& name, std::vector<dm::tensor_ref> const& tensors) {
    dm::write_safetensors(s.here / (name + ".safetensors"), tensors);
  };
  std::vector<float> const numbers(67 * 32);
  save("narrow", {dm::make_tensor_ref<float>("tok_embeddings.weight", {67, 32}, numbers)});
  CHECK_THAT(refused({}, "narrow"), contains("has shape [67, 32], expected [67, 64]"));
  save("other", {dm::make_tensor_ref<float>("weights", {67, 32}, numbers)});
  CHECK_THAT(refused({}, "other"), contains("tensor 'tok_embeddings.weight' is missing"));
  std::vector<std::int64_t> const integers(67 * 64);
  auto const file = dm::safetensors_file::open(s.here / "m.safetensors");
  std::vector<dm::tensor_ref> tensors;
  for (auto const& name : file.names()) {
    auto const t = file.tensor(name);
    tensors.push_back({name, t.type, {t.shape.begin(), t.shape.end()}, t.bytes});
  }
  auto all = tensors;
  all.push_back(dm::make_tensor_ref<float>("left.over", {67, 32}, numbers));
  save("more", all);
  CHECK_THAT(refused({}, "more"), contains("this model has no tensor 'left.over'"));
  all = tensors;
  for (auto& t : all) {
    if (t.name == "tok_embeddings.weight") {
      t = dm::make_tensor_ref<std::int64_t>(t.name, {67, 64}, integers);
    }
  }
  save("whole_numbers", all);
  CHECK_THAT(refused({}, "whole_numbers"),
             contains("tensor 'tok_embeddings.weight' has dtype I64, expected F32"));
  CHECK_FALSE(std::filesystem::exists(s.here / "out"));
}

TEST_CASE("evaluate_checkpoint says where a number is not finite, and writes nothing",
          "[programs]") {
  setting const s;
  // What is said of a checkpoint whose parameter has another value.
  auto const said = [&](std::string_view name, std::size_t element, float value, words const& how) {
    network net({.seed = 5});
    net.parameters()[network::find(name).offset + element] = value;
    dm::save_checkpoint(s.here / "bad.safetensors", net);
    return s.failure(how, "bad.safetensors");
  };
  constexpr auto infinity = std::numeric_limits<float>::infinity();
  constexpr auto nan = std::numeric_limits<float>::quiet_NaN();
  for (auto const& how : {words{}, words{"--precision", "double"}, words{"--inputs-only"}}) {
    CHECK_THAT(said("layers.0.attention.wq.weight", 64 * 3 + 5, nan, how),
               contains("'bad.safetensors': tensor 'layers.0.attention.wq.weight' holds nan at "
                        "[3, 5], expected finite numbers"));
    CHECK_THAT(said("norm.weight", 7, -infinity, how),
               contains("tensor 'norm.weight' holds -inf at [7]"));
  }
  // Finite parameters whose products are not.
  CHECK_THAT(said("layers.0.attention.wq.weight", 0, 3e38F, {}),
             contains("'bad.safetensors': the model overflows: sequence 0, layer 0, site q is "));
  CHECK_THAT(said("output.weight", 64 * 9, 3e38F, {}),
             contains("the model overflows: sequence 0, layer 0, site logits is "));
  // The last row of tokens is the only one that reads the token 40.
  CHECK_THAT(
      said("tok_embeddings.weight", 64 * 40, 3e38F, {}),
      contains("the model overflows: sequence 2, layer 0, site resid_pre at position 4 is too "
               "large for the norm after it"));
  CHECK_FALSE(std::filesystem::exists(s.here / "out"));

  std::vector<double> const large(67 * 64, 1e300);
  auto const file = dm::safetensors_file::open(s.here / "m.safetensors");
  std::vector<dm::tensor_ref> tensors;
  for (auto const& name : file.names()) {
    auto const t = file.tensor(name);
    tensors.push_back({name, t.type, {t.shape.begin(), t.shape.end()}, t.bytes});
    if (name == "output.weight")
      tensors.back() = dm::make_tensor_ref<double>(name, {67, 64}, large);
  }
  dm::write_safetensors(s.here / "large.safetensors", tensors);
  CHECK_THAT(s.failure({}, "large.safetensors"),
             contains("tensor 'output.weight' holds 1e+300 at [0, 0], more than a float can hold; "
                      "try --precision double"));
}

TEST_CASE("evaluate_checkpoint on a full disk leaves nothing half-written", "[programs]") {
  setting const s;
  auto const said = [&] {
    scratch::small_disk const disk(20'000); // room for the loss, not for the gradients
    return s.failure({"--gradients", "--sites", "final_norm"}, "m.safetensors");
  }();
  CHECK_THAT(said, contains("cannot write 'out/gradients.safetensors': the file would exceed"));
  CHECK(std::filesystem::is_empty(s.here / "out"));
}

TEST_CASE("evaluate_checkpoint never overwrites", "[programs]") {
  setting const s;
  REQUIRE(s.run({}).code == 0);
  auto const before = scratch::read(s.here / "out/logits.npy");
  CHECK_THAT(s.failure({"--precision", "double"}, "m.safetensors"),
             contains("the output folder 'out' exists already and is not empty"));
  CHECK(scratch::read(s.here / "out/logits.npy") == before);
}
