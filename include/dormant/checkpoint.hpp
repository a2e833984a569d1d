// SPDX-License-Identifier: MIT
// Parameters, and whole runs, as safetensors files; written atomically, with the authors' names.
#pragma once

#include "dormant/cadence.hpp"
#include "dormant/error.hpp"
#include "dormant/io/safetensors.hpp"
#include "dormant/tensor_spec.hpp"
#include "dormant/train.hpp"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace dormant {

/// Words that travel with a file, and that a resumed run must agree with.
using run_identity = std::map<std::string, std::string>;

namespace detail {
template <class T>
void append_tensors(std::vector<tensor_ref>& out, std::string const& prefix,
                    std::span<tensor_spec const> tensors, std::span<T const> values) {
  check_whole(values.size());
  for (auto const& t : tensors) {
    auto shape = t.vector ? std::vector<std::size_t>{t.size()} : std::vector{t.rows, t.cols};
    out.push_back(make_tensor_ref<T>(prefix + tensor_name(t), std::move(shape),
                                     values.subspan(t.offset, t.size())));
  }
}
/// Reads the tensors of a model and strikes their names off `unread`.
template <class T>
void read_tensors(safetensors_file const& file, std::string const& prefix,
                  std::span<tensor_spec const> tensors, std::span<T> values,
                  std::set<std::string>& unread) {
  check_whole(values.size());
  for (auto const& t : tensors) {
    auto const shape = t.vector ? std::vector<std::size_t>{t.size()} : std::vector{t.rows, t.cols};
    auto name = prefix + tensor_name(t);
    if (auto former = prefix + former_tensor_name(t);
        !unread.contains(name) && unread.contains(former))
      name = std::move(former);
    file.read_into<T>(name, shape, values.subspan(t.offset, t.size()));
    unread.erase(name);
  }
}
[[nodiscard]] inline std::set<std::string> names_of_tensors(safetensors_file const& file) {
  auto const names = file.names();
  return {names.begin(), names.end()};
}
} // namespace detail

/// Writes the parameters, matrices [out, in] under the names of the authors' state dict.
/// \throws error if the file cannot be written; a file that was there before is then untouched
/// The file gets a checksum, so that one flipped bit is found when it is read.
template <class Net>
void save_checkpoint(std::filesystem::path const& path, Net const& net,
                     run_identity metadata = {}) {
  std::vector<tensor_ref> tensors;
  detail::append_tensors<typename Net::scalar>(tensors, "", net.tensors(), net.parameters());
  metadata[std::string(io::checksum_key)];
  write_safetensors(path, tensors, metadata);
}

/// Reads parameters into a model of the same structure.
/// \throws error naming the file and the tensor that is missing, of another shape or dtype, or that
///   the model does not have; the model is then unchanged
template <class Net>
void load_checkpoint(std::filesystem::path const& path, Net& net) {
  using T = typename Net::scalar;
  auto const file = safetensors_file::open(path);
  arena<T> read(net.parameters().size());
  auto unread = detail::names_of_tensors(file);
  detail::read_tensors<T>(file, "", net.tensors(), read.span(), unread);
  if (!unread.empty()) {
    refuse({path.string(), ": the model has no tensor '", *unread.begin(),
            "'; the checkpoint belongs to another structure"});
  }
  std::copy_n(read.data(), read.size(), net.parameters().data());
}

/// Writes all that a run needs to go on as if it had never stopped: parameters, optimizer memory
/// and the step, in one file, so that they can never disagree.
/// \param identity words that `load_run` will insist on: seed, batch, hyper-parameters, ...
template <class Net>
void save_run(std::filesystem::path const& path, run_state<typename Net::scalar> const& run,
              run_identity identity) {
  using T = typename Net::scalar;
  std::vector<tensor_ref> tensors;
  detail::append_tensors<T>(tensors, "", run.tensors, run.parameters);
  for (auto const& moment : run.moments) {
    auto const name = "optimizer." + std::string(moment.name);
    if (moment.flat) {
      tensors.push_back(make_tensor_ref<T>(name, {moment.values.size()}, moment.values));
    } else {
      detail::append_tensors<T>(tensors, name + ".", run.tensors, moment.values);
    }
  }
  identity["step"] = std::to_string(run.step);
  identity[std::string(io::checksum_key)];
  write_safetensors(path, tensors, identity);
}

/// The step of the run that a file is of, if it says one.
[[nodiscard]] inline std::optional<std::uint64_t> saved_step(safetensors_file const& file) {
  auto const word = file.metadata().find("step");
  if (word == file.metadata().end()) return std::nullopt;
  auto const& digits = word->second;
  std::uint64_t step = 0;
  auto const read = std::from_chars(digits.data(), digits.data() + digits.size(), step);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) return std::nullopt;
  return step;
}

/// Puts a trainer where a saved run stopped.
/// \throws error naming the word of the identity that differs, or the tensor that does not fit
template <class Net, class Task, class Optimizer, class Team>
void load_run(std::filesystem::path const& path, trainer<Net, Task, Optimizer, Team>& run,
              run_identity const& identity) {
  using T = typename Net::scalar;
  auto const file = safetensors_file::open(path);
  auto const& saved = file.metadata();
  for (auto const& [key, wanted] : identity) {
    auto const found = saved.find(key);
    if (found == saved.end() || found->second != wanted) {
      refuse({path.string(), ": the saved run has ", key, " = ",
              (found == saved.end() ? "(nothing)" : found->second), ", this one has ", key, " = ",
              wanted, "; a resumed run must have the same"});
    }
  }
  auto const step = saved_step(file);
  if (!step) refuse({path.string(), ": no step number in the metadata; this is not a saved run"});
  arena<T> parameters(run.net().parameters().size());
  auto unread = detail::names_of_tensors(file);
  detail::read_tensors<T>(file, "", run.net().tensors(), parameters.span(), unread);
  auto const state = run.state();
  std::vector<arena<T>> moments;
  for (auto const& moment : state.moments) {
    auto const name = "optimizer." + std::string(moment.name);
    auto& values = moments.emplace_back(moment.values.size());
    if (moment.flat) {
      file.read_into<T>(name, std::vector{values.size()}, values.span());
      unread.erase(name);
    } else {
      detail::read_tensors<T>(file, name + ".", run.net().tensors(), values.span(), unread);
    }
  }
  if (!unread.empty()) {
    refuse({path.string(), ": this run has no tensor '", *unread.begin(),
            "'; the saved one belongs to another model or optimizer"});
  }
  std::copy_n(parameters.data(), parameters.size(), run.net().parameters().data());
  std::size_t next = 0;
  run.each_moment([&](std::string_view, arena<T>& memory) {
    auto const& moment = moments[next++];
    std::copy_n(moment.data(), moment.size(), memory.data());
  });
  run.resume_at(*step);
}

/// A hook that keeps a run on disk: `resume.safetensors` (the whole run) and
/// `checkpoint.safetensors` (parameters alone, for other tools) in a folder.
template <class Net, class Cadence = every>
class checkpoints {
public:
  checkpoints(std::filesystem::path folder, Cadence cadence, run_identity identity)
      : folder_(std::move(folder)), cadence_(cadence), identity_(std::move(identity)) {}

  void operator()(site::step, run_state<typename Net::scalar> const& run) {
    if (run.step > 0 && cadence_.due(run.step)) save(run);
  }
  /// \throws error if a file cannot be written; the last good ones are kept
  void save(run_state<typename Net::scalar> const& run) const {
    save_run<Net>(folder_ / "resume.safetensors", run, identity_);
    save_parameters(run);
  }
  /// Writes `checkpoint.safetensors` alone, as a run that resumes has to if a kill between the two
  /// files left the one of an earlier step.
  void save_parameters(run_state<typename Net::scalar> const& run) const {
    std::vector<tensor_ref> tensors;
    detail::append_tensors<typename Net::scalar>(tensors, "", run.tensors, run.parameters);
    auto words = identity_;
    words["step"] = std::to_string(run.step);
    words[std::string(io::checksum_key)];
    write_safetensors(folder_ / "checkpoint.safetensors", tensors, words);
  }

private:
  std::filesystem::path folder_;
  Cadence cadence_;
  run_identity identity_;
};

} // namespace dormant
