// SPDX-License-Identifier: MIT
// Runs a checkpoint on given tokens and writes what it computes, site by site, so that other
// implementations can be compared with this one. Which model it is shows in the names and shapes of
// the tensors; this file finds that out, evaluate_checkpoint/models.hpp runs it.
#include "common/command_line.hpp"
#include "common/names.hpp"
#include "common/streams.hpp"
#include "dormant/io/npy.hpp"
#include "dormant/io/safetensors.hpp"
#include "evaluate_checkpoint/evaluation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace dm = dormant;
namespace fs = std::filesystem;
using evaluation::description;

namespace {

struct request {
  std::string checkpoint, tokens, out;
  std::string sites;
  std::string precision = "float";
  description model; // what the user says of it; the rest is found in the file
  bool inputs_only = false;
  bool gradients = false;
};

/// The context of a shape.
std::size_t context_of(std::string_view shape) { return shape == "demo" ? 64 : 256; }

std::string shape_in(dm::safetensors_file const& file) {
  auto const tensor = file.tensor("tok_embeddings.weight");
  std::size_t const width = tensor.shape.size() == 2 ? tensor.shape[1] : 0;
  if (width == 64) return "demo";
  if (width == 256) return "paper";
  dm::refuse(
      {file.name(), ": tensor 'tok_embeddings.weight' has shape ", dm::io::shown(tensor.shape)},
      {", expected [67, 64] (--shape demo) or [67, 256] (--shape paper)"});
}

std::string layers_in(dm::safetensors_file const& file) {
  auto const has = [&](std::size_t layer, std::string_view part) {
    return file.contains(fmt::format("layers.{}.{}", layer, part));
  };
  std::size_t layers = 0;
  while (has(layers, "ff.w1.weight") || has(layers, "attention.wq.weight")) ++layers;
  if (layers == 3 && !has(0, "attention.wq.weight")) return "minimal";
  if (layers >= 1 && layers <= 3) return std::to_string(layers);
  throw dm::error(fmt::format("{}: {} layers were found by the names of the tensors, expected 1, 2 "
                              "or 3",
                              file.name(), layers));
}

/// By the tensors; rules without parameters by the metadata that bigram_backcopy writes.
std::string attention_in(dm::safetensors_file const& file) {
  auto const has = [&](std::string_view part) {
    for (auto const& name : file.names()) {
      if (name.ends_with(part)) return true;
    }
    return false;
  };
  if (has("attention.sink.weight")) return "sink_logit";
  if (has("attention.wg.weight")) return "output_gate";
  if (auto const word = file.metadata().find("attention"); word != file.metadata().end()) {
    auto const& known = program::attention_names;
    if (std::find(known.begin(), known.end(), word->second) != known.end()) return word->second;
  }
  program::tell("evaluate_checkpoint: {} does not say which attention rule it was trained with; "
                "softmax is assumed, --attention names another\n",
                file.name());
  return "softmax";
}

description model_in(dm::safetensors_file const& file, description const& said) {
  return {said.shape.empty() ? shape_in(file) : said.shape,
          said.layers.empty() ? layers_in(file) : said.layers,
          said.attention.empty() ? attention_in(file) : said.attention};
}

/// [B, T + 1], or [B, T] if only inputs are there.
evaluation::tokens read_tokens(std::string const& path, bool inputs_only, std::size_t context) {
  auto const read = dm::read_npy_integers(path);
  auto const name = dm::io::shown(path);
  std::size_t const least = inputs_only ? 1 : 2;
  if (read.shape.size() != 2 || read.shape[0] == 0 || read.shape[1] < least) {
    throw dm::error(fmt::format("{}: the shape is {}, expected {}", name, dm::io::shown(read.shape),
                                inputs_only ? "[B, T]" : "[B, T + 1] with at least one input"));
  }
  evaluation::tokens tokens{.rows = read.shape[0], .columns = read.shape[1], .inputs = 0};
  tokens.inputs = inputs_only ? tokens.columns : tokens.columns - 1;
  if (tokens.inputs > context) {
    throw dm::error(fmt::format(
        "{}: {} tokens a row are to be read, but the model's context is {}{}", name, tokens.inputs,
        context, inputs_only ? "" : "; the last of each row is a target only"));
  }
  tokens.values.reserve(read.values.size());
  for (std::size_t i = 0; i < read.values.size(); ++i) {
    auto const token = read.values[i];
    if (token < 0 || token >= static_cast<std::int64_t>(program::vocabulary)) {
      throw dm::error(fmt::format("{}: token {} at [{}, {}] is outside the vocabulary of {}", name,
                                  token, i / tokens.columns, i % tokens.columns,
                                  program::vocabulary));
    }
    tokens.values.push_back(static_cast<dm::token>(token));
  }
  return tokens;
}

std::vector<std::string> read_sites(std::string_view list) {
  auto const known = evaluation::site_names();
  std::vector<std::string> sites;
  for (bool more = !list.empty(); more;) {
    auto const end = list.find(',');
    std::string const site(list.substr(0, end));
    more = end != std::string_view::npos;
    list.remove_prefix(more ? end + 1 : list.size());
    if (std::find(known.begin(), known.end(), site) == known.end()) {
      throw program::usage_error(fmt::format("--sites: there is no {}; choose among {}",
                                             dm::io::in_quotes(site), fmt::join(known, ", ")));
    }
    sites.push_back(site);
  }
  sites.emplace_back("logits");
  return sites;
}

template <class T>
void write(request const& asked, evaluation::results<T> const& found) {
  fs::path const folder = asked.out;
  for (auto const& site : found.sites) {
    dm::write_npy<T>(folder / (site.name + ".npy"), site.shape, site.values);
  }
  if (asked.gradients) {
    std::vector<dm::tensor_ref> tensors;
    for (auto const& g : found.gradients) {
      tensors.push_back(dm::make_tensor_ref<T>(g.name, g.shape, std::span(g.values)));
    }
    dm::write_safetensors(folder / "gradients.safetensors", tensors);
  }
  if (!found.gradients.empty()) {
    dm::write_file_atomically(folder / "loss.txt", fmt::format("{:.17g}\n", found.loss));
  }
}

template <class T>
int evaluate(request const& asked) {
  auto const sites = read_sites(asked.sites);
  auto const file = dm::safetensors_file::open(asked.checkpoint);
  auto const model = model_in(file, asked.model);
  auto const tokens = read_tokens(asked.tokens, asked.inputs_only, context_of(model.shape));
  auto const found = evaluation::evaluate<T>(model, file, tokens, sites, asked.gradients);
  if (found.gradients.empty() && asked.gradients) {
    throw dm::error("--gradients needs a next token for at least one input");
  }
  dm::create_output_folder(asked.out);
  try {
    write(asked, found);
  } catch (...) { // a full disk: all of it or nothing
    std::error_code ignored;
    for (auto const& file_of_ours : fs::directory_iterator(asked.out, ignored)) {
      fs::remove(file_of_ours, ignored);
    }
    throw;
  }
  fmt::print("{} shape, layers {}, {} attention, {} sequences of {} tokens\n", model.shape,
             model.layers, model.attention, tokens.rows, tokens.inputs);
  if (!found.gradients.empty()) fmt::print("loss {:.17g} nats\n", found.loss);
  fmt::print("everything is in {}\n", asked.out);
  return program::success;
}

} // namespace

int main(int argc, char** argv) {
  request asked;
  program::command_line options(
      "evaluate_checkpoint",
      "Runs a checkpoint on given tokens and writes logits, loss, sites and gradients.");
  options.text("--checkpoint", asked.checkpoint,
               "parameters by the names of the authors' state dict", "F.safetensors");
  options.text("--tokens", asked.tokens,
               "integers [B, T + 1]: the first T of each row are read, the last is a target only",
               "F.npy");
  options.text("--out", asked.out,
               "folder to write, new or empty: logits.npy [B, T, V], loss.txt in nats, and what is "
               "asked for below",
               "DIR");
  for (auto const* flag : {"--checkpoint", "--tokens", "--out"}) options.required(flag);
  options.on("--inputs-only", asked.inputs_only,
             "tokens are [B, T] and all are read; the loss is that of the next token in the row");
  options.text("--sites", asked.sites,
               "comma-separated; written as SITE.LAYER.npy [B, ...]: " +
                   fmt::format("{}", fmt::join(evaluation::site_names(), ", ")),
               "A,B,C");
  options.on("--gradients", asked.gradients,
             "write the gradient of the loss as gradients.safetensors");
  options.choice("--precision", asked.precision, {"float", "double"},
                 "of the computation; checkpoints are converted");
  options.choice("--shape", asked.model.shape, program::shape_names, "default: from the tensors");
  options.choice("--layers", asked.model.layers, program::layers_names,
                 "default: from the tensors");
  options.choice("--attention", asked.model.attention, program::attention_names,
                 "default: from the tensors and the metadata");
  return options.run(argc, argv, [&] {
    return asked.precision == "double" ? evaluate<double>(asked) : evaluate<float>(asked);
  });
}
