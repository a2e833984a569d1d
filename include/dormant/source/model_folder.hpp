// SPDX-License-Identifier: MIT
// A folder as Hugging Face lays it out: config.json and model.safetensors, or shards of it and
// their index. Weights are mapped, never read whole.
#pragma once

#include "dormant/error.hpp"
#include "dormant/io/json_object.hpp"
#include "dormant/io/safetensors.hpp"

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace dormant {

/// What is in the folder, every header checked: a tensor that can be named can be read.
class model_folder {
public:
  static constexpr char const* weights_name = "model.safetensors";
  static constexpr char const* index_name = "model.safetensors.index.json";

  /// \throws error naming the file and the field or tensor that is missing or wrong
  [[nodiscard]] static model_folder open(std::filesystem::path const& folder) {
    std::error_code unknown;
    if (!std::filesystem::is_directory(folder, unknown)) {
      refuse({io::shown(folder), ": there is no such folder"});
    }
    model_folder found(folder, json_object::open(folder / "config.json"));
    auto const is_there = [&](char const* name) { // if only as a link that leads nowhere
      return std::filesystem::exists(std::filesystem::symlink_status(folder / name, unknown));
    };
    if (is_there(weights_name)) {
      found.add_file(weights_name);
      for (auto const& name : found.files_.back().names()) found.tensors_[name] = 0;
    } else if (is_there(index_name)) {
      found.add_shards(json_object::open(folder / index_name));
    } else {
      refuse({io::shown(folder), ": there is neither ", weights_name, " nor ", index_name,
              "; other formats of weights are not read"});
    }
    return found;
  }

  [[nodiscard]] json_object const& config() const { return config_; }
  [[nodiscard]] std::filesystem::path const& path() const { return path_; }

  /// What config.json says the model is, as `LlamaForCausalLM`.
  /// \throws error if it says nothing, or several things
  [[nodiscard]] std::string architecture() const {
    auto const all = config_.texts({"architectures"});
    if (all.size() == 1) return all.front();
    config_.fail("architectures", {"names ", all.size(), " architectures, expected one"});
  }

  [[nodiscard]] bool contains(std::string_view name) const {
    return tensors_.find(name) != tensors_.end();
  }
  /// \throws error if no file has such a tensor
  [[nodiscard]] safetensors_file::entry tensor(std::string_view name) const {
    auto const found = tensors_.find(name);
    if (found == tensors_.end()) {
      refuse({io::shown(path_), ": tensor ", io::in_quotes(name), " is missing"});
    }
    return files_[found->second].tensor(name);
  }
  /// The file that has this tensor, as error messages call it.
  [[nodiscard]] std::string const& file_of(std::string_view name) const {
    return files_[tensors_.find(name)->second].name();
  }
  /// All tensors, by name, and which file has each.
  [[nodiscard]] std::map<std::string, std::size_t, std::less<>> const& tensors() const {
    return tensors_;
  }

private:
  model_folder(std::filesystem::path path, json_object config)
      : path_(std::move(path)), config_(std::move(config)) {}

  void add_file(std::string const& name) { files_.push_back(safetensors_file::map(path_ / name)); }

  void add_shards(json_object const& index) {
    auto const map = index.maybe_object({"weight_map"});
    if (!map) index.fail("weight_map", {"is missing"});
    std::map<std::string, std::size_t> shards;
    for (auto const& [tensor, file] : map->all_texts()) {
      bool const is_beside = file.find_first_of(std::string_view("/\0", 2)) == file.npos;
      if (!is_beside || file.empty() || file == "." || file == "..") {
        map->fail(tensor, {"is ", io::in_quotes(file), ", expected the name of a file beside it"});
      }
      auto const [shard, is_new] = shards.emplace(file, files_.size());
      if (is_new) add_file(file);
      if (!files_[shard->second].contains(tensor)) {
        refuse({files_[shard->second].name(), ": tensor ", io::in_quotes(tensor),
                " is missing, which the index says is there"});
      }
      tensors_[tensor] = shard->second;
    }
    for (std::size_t i = 0; i < files_.size(); ++i) {
      for (auto const& tensor : files_[i].names()) {
        auto const found = tensors_.find(tensor);
        if (found != tensors_.end() && found->second == i) continue;
        refuse({files_[i].name(), ": tensor ", io::in_quotes(tensor),
                found == tensors_.end() ? " is not in the index" : " is in another shard too"});
      }
    }
  }

  std::filesystem::path path_;
  json_object config_;
  std::vector<safetensors_file> files_;
  std::map<std::string, std::size_t, std::less<>> tensors_;
};

} // namespace dormant
