// SPDX-License-Identifier: MIT
// Files of parameters and of whole runs: what is written is read, what does not fit is refused in a
// sentence, and nothing is changed by a refusal.
#include "dormant/checkpoint.hpp"
#include "dormant/dormant.hpp"

#include "catch.hpp"
#include "io/scratch.hpp"
#include "models.hpp"

#include <cstring>
#include <string>
#include <vector>

namespace {

using namespace dormant;

constexpr shape small{
    .layers = 2, .heads = 2, .width = 20, .vocab = 67, .context = 13, .expansion = 2};
using net_type = transformer<small, sink_logit>;
using task_type = bigram_backcopy<small>;

template <class Net>
bool same_parameters(Net const& a, Net const& b) {
  return std::memcmp(a.parameters().data(), b.parameters().data(), a.parameters().size_bytes()) ==
         0;
}

/// The sentence with which a model refuses a file, after checking that it stayed as it was.
template <class Net>
std::string refused(std::filesystem::path const& path) {
  auto net = models::shaken<Net>(5);
  auto const before = net;
  auto const said = error_of([&] { load_checkpoint(path, net); });
  CHECK(same_parameters(net, before));
  return said;
}
bool contains(std::string const& text, std::string const& words) {
  INFO(text);
  bool const found = text.find(words) != std::string::npos;
  CHECK(found);
  return found;
}

} // namespace

TEST_CASE("checkpoint: parameters come back bit by bit") {
  scratch::folder const folder;
  auto const path = folder / "checkpoint.safetensors";
  auto const check = [&](auto const& net, auto&& other) {
    save_checkpoint(path, net, {{"note", "first"}});
    CHECK_FALSE(same_parameters(net, other));
    load_checkpoint(path, other);
    CHECK(same_parameters(net, other));
    CHECK(safetensors_file::open(path).metadata().at("note") == "first");
  };
  check(models::shaken<net_type>(1), net_type({.seed = 2}));
  using gated = transformer<small, output_gate<>, tied_output, sincos_positions, linear, double>;
  check(models::shaken<gated>(1), gated({.seed = 2}));
}

TEST_CASE("checkpoint: names and shapes are the authors'") {
  scratch::folder const folder;
  auto const path = folder / "checkpoint.safetensors";
  save_checkpoint(path, net_type());
  auto const file = safetensors_file::open(path);
  auto const shape_of = [&](char const* name) {
    auto const shape = file.tensor(name).shape;
    return std::vector<std::size_t>(shape.begin(), shape.end());
  };
  using extents = std::vector<std::size_t>;
  CHECK(shape_of("tok_embeddings.weight") == extents{67, 20});
  CHECK(shape_of("pos_embeddings.weight") == extents{13, 20});
  for (auto const* name : {"wq", "wk", "wv", "wo"}) {
    CHECK(shape_of(("layers.1.attention." + std::string(name) + ".weight").c_str()) ==
          extents{20, 20});
  }
  CHECK(shape_of("layers.0.attention.sink.weight") == extents{2});
  CHECK(shape_of("layers.0.attention_norm.weight") == extents{20});
  CHECK(shape_of("layers.0.ff_norm.bias") == extents{20});
  CHECK(shape_of("layers.0.ff.w1.weight") == extents{40, 20});
  CHECK(shape_of("layers.0.ff.w2.weight") == extents{20, 40});
  CHECK(shape_of("norm.bias") == extents{20});
  CHECK(shape_of("output.weight") == extents{67, 20});
  CHECK(file.names().size() == net_type::plan::tensors.size());
}

TEST_CASE("checkpoint: a linear MLP has the authors' name, and the former one is read") {
  using linear_type = transformer<small, softmax, linear>;
  using T = linear_type::scalar;
  scratch::folder const folder;
  auto const path = folder / "checkpoint.safetensors";
  auto const net = models::shaken<linear_type>(1);
  save_checkpoint(path, net);
  auto const file = safetensors_file::open(path);
  CHECK(file.tensor("layers.0.ff.weight").shape.size() == 2);
  CHECK(linear_type::find("layers.1.ff.weight").rows == small.width);

  // The same file as an earlier version wrote it.
  std::vector<tensor_ref> tensors;
  for (auto const& t : linear_type::plan::tensors) {
    auto shape = t.vector ? std::vector{t.size()} : std::vector{t.rows, t.cols};
    tensors.push_back(make_tensor_ref<T>(former_tensor_name(t), std::move(shape),
                                         net.parameters().subspan(t.offset, t.size())));
  }
  write_safetensors(path, tensors, {});
  CHECK(safetensors_file::open(path).tensor("layers.1.ff.w1.weight").shape.size() == 2);
  linear_type read({.seed = 2});
  load_checkpoint(path, read);
  CHECK(std::ranges::equal(net.parameters(), read.parameters()));
  // But only where the model has no tensor of that name: two layers of ReLU are no linear ones.
  contains(refused<transformer<small, softmax>>(path),
           "'layers.0.ff.w1.weight' has shape [20, 20], expected [40, 20]");
}

TEST_CASE("checkpoint: a saved run of a linear MLP goes on under the former names") {
  using linear_type = transformer<small, softmax, linear>;
  scratch::folder const folder;
  auto const path = folder / "resume.safetensors";
  bigram_backcopy<small> const task({.seed = 3});
  linear_type net({.seed = 1}), other({.seed = 2});
  trainer run(net, task, adamw{}, schedule{.steps = 4, .batch = 2});
  run.step();
  save_run<linear_type>(path, run.state(), {});
  CHECK(safetensors_file::open(path).tensor("optimizer.exp_avg.layers.0.ff.weight").shape.size() ==
        2);
  std::vector<tensor_ref> tensors;
  auto const add = [&](std::string const& prefix, auto values) {
    for (auto const& t : linear_type::plan::tensors) {
      auto shape = t.vector ? std::vector{t.size()} : std::vector{t.rows, t.cols};
      tensors.push_back(make_tensor_ref<float>(prefix + former_tensor_name(t), std::move(shape),
                                               values.subspan(t.offset, t.size())));
    }
  };
  auto const state = run.state();
  add("", state.parameters);
  for (auto const& moment : state.moments)
    add("optimizer." + std::string(moment.name) + ".", moment.values);
  write_safetensors(path, tensors, {{"step", "1"}});
  trainer again(other, task, adamw{}, schedule{.steps = 4, .batch = 2});
  load_run(path, again, {});
  CHECK(again.step() == run.step());
  CHECK(std::ranges::equal(net.parameters(), other.parameters()));
}

TEST_CASE("checkpoint: a file of another model is refused, tensor by tensor") {
  scratch::folder const folder;
  auto const path = folder / "checkpoint.safetensors";
  save_checkpoint(path, net_type());

  auto const other_type = refused<transformer<small, sink_logit, double>>(path);
  contains(other_type, "checkpoint.safetensors");
  contains(other_type, "tok_embeddings.weight' has dtype F32, expected F64");

  constexpr shape wider{
      .layers = 2, .heads = 2, .width = 20, .vocab = 67, .context = 13, .expansion = 3};
  contains(refused<transformer<wider, sink_logit>>(path),
           "'layers.0.ff.w1.weight' has shape [40, 20], expected [60, 20]");

  constexpr shape deeper{
      .layers = 3, .heads = 2, .width = 20, .vocab = 67, .context = 13, .expansion = 2};
  contains(refused<transformer<deeper, sink_logit>>(path), "'layers.2.");
  contains(refused<transformer<deeper, sink_logit>>(path), "is missing");
  contains(refused<transformer<small, output_gate<>>>(path),
           "'layers.0.attention.wg.weight' is missing");
  contains(refused<transformer<small, softmax>>(path),
           "the model has no tensor 'layers.0.attention.sink.weight'");
  contains(refused<transformer<small, sink_logit, tied_output>>(path),
           "the model has no tensor 'output.weight'");

  // One head or two: the same matrices cut differently, but not as many learned scalars.
  constexpr shape one_head{
      .layers = 2, .heads = 1, .width = 20, .vocab = 67, .context = 13, .expansion = 2};
  contains(refused<transformer<one_head, sink_logit>>(path), "has shape [2], expected [1]");
}

TEST_CASE("checkpoint: a file that is no checkpoint is refused") {
  scratch::folder const folder;
  contains(refused<net_type>(folder / "nothing.safetensors"), "nothing.safetensors");
  scratch::write(folder / "text.safetensors", "this is not a checkpoint at all, but long enough");
  contains(refused<net_type>(folder / "text.safetensors"), "text.safetensors");
  save_checkpoint(folder / "whole.safetensors", net_type());
  auto bytes = scratch::read(folder / "whole.safetensors");
  scratch::write(folder / "cut.safetensors", bytes.substr(0, bytes.size() - 5));
  contains(refused<net_type>(folder / "cut.safetensors"), "cut short");
}

TEST_CASE("checkpoint: a disk that is full leaves the old file") {
  scratch::folder const folder;
  auto const path = folder / "checkpoint.safetensors";
  auto const old = models::shaken<net_type>(1);
  save_checkpoint(path, old);
  {
    scratch::small_disk const disk(1000);
    CHECK_FALSE(error_of([&] { save_checkpoint(path, net_type({.seed = 2})); }).empty());
  }
  net_type net({.seed = 3});
  load_checkpoint(path, net);
  CHECK(same_parameters(net, old));
  CHECK(folder.files() == 1);
}

namespace {

struct saved_run {
  scratch::folder folder;
  task_type task{{.seed = 3}};
  net_type net{{.seed = 3}};
  run_identity const identity{{"seed", "3"}, {"batch", "4"}};
  std::filesystem::path path() const { return folder / "run.safetensors"; }
  saved_run() {
    trainer run(net, task, adamw{}, schedule{.steps = 3, .batch = 4});
    dormant::run(run);
    save_run<net_type>(path(), run.state(), identity);
  }
  /// The sentence with which a run is not resumed, after checking that nothing was changed.
  template <class Optimizer>
  std::string refused_by(Optimizer const& optimizer, run_identity const& wanted) const {
    net_type other({.seed = 8});
    auto const before = other;
    trainer run(other, task, optimizer, schedule{.steps = 9, .batch = 4});
    auto const said = error_of([&] { load_run(path(), run, wanted); });
    CHECK(run.steps() == 0);
    CHECK(same_parameters(other, before));
    run.each_moment([](auto, auto const& memory) {
      for (float const x : memory.span()) CHECK(x == 0);
    });
    return said;
  }
};

} // namespace

TEST_CASE_METHOD(saved_run, "checkpoint: a run comes back with its memory and its step") {
  net_type other({.seed = 8});
  trainer run(other, task, adamw{}, schedule{.steps = 9, .batch = 4});
  load_run(path(), run, identity);
  CHECK(run.steps() == 3);
  CHECK(same_parameters(net, other));
  auto const file = safetensors_file::open(path());
  CHECK(file.contains("optimizer.exp_avg.output.weight"));
  CHECK(file.contains("optimizer.exp_avg_sq.layers.1.attention.sink.weight"));
  CHECK(file.metadata().at("step") == "3");
  CHECK(file.metadata().at("seed") == "3");
}

TEST_CASE_METHOD(saved_run, "checkpoint: a run of another identity is refused by the word") {
  contains(refused_by(adamw{}, {{"seed", "4"}, {"batch", "4"}}),
           "the saved run has seed = 3, this one has seed = 4; a resumed run must have the same");
  contains(refused_by(adamw{}, {{"seed", "3"}, {"lr", "0.1"}}),
           "the saved run has lr = (nothing), this one has lr = 0.1");
}

TEST_CASE_METHOD(saved_run, "checkpoint: a run of another optimizer is refused by the tensor") {
  contains(refused_by(sgd{}, identity),
           "tensor 'optimizer.momentum_buffer.tok_embeddings.weight' is missing");
  contains(refused_by(sign_sgd{}, identity), "optimizer.exp_avg.");
}

TEST_CASE_METHOD(saved_run, "checkpoint: parameters alone are no run") {
  save_checkpoint(path(), net, identity);
  contains(refused_by(adamw{}, identity),
           "no step number in the metadata; this is not a saved run");
  for (auto const* step : {"", "three", "3x", "-1", "99999999999999999999"}) {
    auto words = identity;
    words["step"] = step;
    save_checkpoint(path(), net, words);
    contains(refused_by(sign_sgd{}, identity), "no step number in the metadata");
  }
}

TEST_CASE_METHOD(saved_run, "checkpoint: a hook keeps a run on disk while it goes on") {
  net_type other({.seed = 3});
  checkpoints<net_type> keep(folder.path(), every{2}, identity);
  train(other, task, adamw{}, {.steps = 3, .batch = 4}, keep);
  auto const file = safetensors_file::open(folder / "resume.safetensors");
  CHECK(file.metadata().at("step") == "2");
  net_type resumed({.seed = 8}), parameters({.seed = 9});
  trainer run(resumed, task, adamw{}, schedule{.steps = 3, .batch = 4});
  load_run(folder / "resume.safetensors", run, identity);
  load_checkpoint(folder / "checkpoint.safetensors", parameters);
  CHECK(same_parameters(resumed, parameters));
  dormant::run(run);
  CHECK(same_parameters(resumed, other));
}

TEST_CASE_METHOD(saved_run, "checkpoint: a run that cannot be written is a sentence") {
  checkpoints<net_type> keep(folder / "no such folder", every{1}, identity);
  net_type other({.seed = 3});
  contains(error_of([&] { train(other, task, adamw{}, {.steps = 2, .batch = 4}, keep); }),
           "no such folder");
}

TEST_CASE("checkpoint: a flipped bit anywhere is found, or changes nothing") {
  scratch::folder const folder;
  auto const path = folder / "small.safetensors";
  std::vector<float> const values{1, 2, 3}, more{4, 5};
  write_safetensors(path,
                    std::vector{make_tensor_ref<float>("a.weight", {3}, values),
                                make_tensor_ref<float>("b", {1, 2}, more)},
                    {{"step", "12"}, {"seed", "3"}, {"dormant.checksum", ""}});
  auto const good = scratch::read(path);
  auto const tensors = [](safetensors_file const& file) {
    std::string out;
    for (auto const* name : {"a.weight", "b"}) {
      auto const found = file.tensor(name);
      out.append(reinterpret_cast<char const*>(found.bytes.data()), found.bytes.size());
    }
    return out;
  };
  auto const expected = safetensors_file::parse(good, "good");
  CHECK(expected.metadata() == run_identity{{"seed", "3"}, {"step", "12"}});
  std::size_t harmless = 0;
  for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
    auto bytes = good;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    auto const said = error_of([&] {
      auto const file = safetensors_file::parse(bytes, "bad");
      ++harmless; // the name of the checksum was hit, so that there is none: all else is whole
      auto words = file.metadata();
      std::erase_if(words, [](auto const& word) { return word.second.size() == 16; });
      CHECK(words == expected.metadata());
      CHECK(tensors(file) == tensors(expected));
    });
    CHECK((said.empty() || said.starts_with("'bad': ")));
  }
  CHECK(harmless <= 8 * io::checksum_key.size());
}

TEST_CASE("checkpoint: a checksum that does not fit is told as that") {
  scratch::folder const folder;
  auto const path = folder / "checkpoint.safetensors";
  save_checkpoint(path, net_type());
  auto bytes = scratch::read(path);
  bytes[bytes.size() - 5] = static_cast<char>(bytes[bytes.size() - 5] ^ 1);
  scratch::write(path, bytes);
  contains(refused<net_type>(path),
           "checkpoint.safetensors': the contents do not fit the checksum");
  contains(refused<net_type>(path), "it is damaged, or was changed by a program");
}

TEST_CASE("checkpoint: CRC-64/XZ of the published check word") {
  io::checksum sum;
  sum.add(std::string_view("12345"));
  sum.add(std::string_view("6789"));
  CHECK(sum.text() == "995dc9bbdf1939fa");
}

TEST_CASE("checkpoint: files of other tools and of before have no checksum") {
  std::string const header =
      R"({"__metadata__":{"a":"b"},"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})";
  std::string text(8, '\0');
  text[0] = static_cast<char>(header.size());
  auto const file = safetensors_file::parse(text + header + "x", "theirs");
  CHECK(file.metadata().at("a") == "b");
  CHECK(file.contains("t"));
}
