// SPDX-License-Identifier: MIT
// The loss of every training step and the seconds at which it was done, for the figure of
// loss_against_seconds.py; or, for the other trainers of that figure, a folder with the parameters
// that training begins with and the tokens of all its batches.

#include <CLI/CLI.hpp>
#include <dormant/dormant.hpp>
#include <dormant/io/npy.hpp>
#include <dormant/task/oracle.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace dm = dormant;

namespace {

struct settings {
  std::size_t width = 64, batch = 16, threads = 1;
  std::uint64_t steps = 100;
  double seconds = 60; // after which no step begins
  double lr = 2e-3;
  std::string folder; // to write, instead of training
};

/// One layer, one head, as wide as it is long.
template <std::size_t Width>
constexpr dm::shape shape{.layers = 1, .heads = 1, .width = Width, .vocab = 67, .context = Width};

/// What all trainers have to agree on, a word and a number a line, then the tensors in the order in
/// which parameters.npy has them, [out, in].
template <class Net, class Task>
std::string sizes_text(Net const& net, Task const& task, settings const& s) {
  dm::adamw const optimizer{.lr = s.lr};
  std::ostringstream text;
  text << "width " << Net::shape.width << "\ncontext " << Net::shape.context << "\nvocab "
       << Net::shape.vocab << "\nbatch " << s.batch << "\nsteps " << s.steps << "\nlr "
       << optimizer.lr << "\nbeta1 " << optimizer.beta1 << "\nbeta2 " << optimizer.beta2 << "\neps "
       << optimizer.eps << "\nweight_decay " << optimizer.weight_decay << "\nfloor "
       << dm::minimum_risk_of(task).total << "\n";
  for (auto const& t : net.tensors()) {
    text << "tensor " << t.name.view() << " " << t.rows << " " << t.cols << "\n";
  }
  return text.str();
}

/// Writes sizes.txt, parameters.npy [N] and tokens.npy [step, B, T + 1].
template <class Net, class Task>
void write_folder(Net const& net, Task const& task, settings const& s) {
  std::filesystem::path const folder = s.folder;
  std::filesystem::create_directories(folder);
  std::vector<float> values; // without the gaps that the arena may have
  for (auto const& t : net.tensors()) {
    auto const tensor = net.parameters().subspan(t.offset, t.size());
    values.insert(values.end(), tensor.begin(), tensor.end());
  }
  std::size_t const row = Net::shape.context + 1;
  std::vector<dm::token> tokens(s.steps * s.batch * row);
  for (std::size_t i = 0; i < s.steps * s.batch; ++i) {
    task.sample_row(dm::stream::training_data, i / s.batch, i % s.batch,
                    std::span(tokens).subspan(i * row, row), {});
  }
  dm::write_npy<float>(folder / "parameters.npy", std::vector{values.size()}, values);
  dm::write_npy<dm::token>(folder / "tokens.npy", std::vector<std::size_t>{s.steps, s.batch, row},
                           tokens);
  dm::atomic_file text(folder / "sizes.txt");
  text.write(sizes_text(net, task, s));
  text.commit();
}

template <class Net, class Task>
void train(Net& net, Task const& task, settings const& s) {
  using clock = std::chrono::steady_clock;
  dm::trainer run(net, task, dm::adamw{.lr = s.lr},
                  {.steps = s.steps, .batch = s.batch, .threads = s.threads});
  run.measure(); // wakes the threads and touches the memory, as the other trainers do before the clock
  std::vector<double> seconds, losses;
  auto const start = clock::now();
  do {
    losses.push_back(run.step());
    seconds.push_back(std::chrono::duration<double>(clock::now() - start).count());
  } while (run.steps() < s.steps && seconds.back() < s.seconds);
  nlohmann::ordered_json const out = {{"peer", "dormant"},
                                      {"threads", s.threads},
                                      {"simd", Net::arch::name()},
                                      {"seconds", seconds},
                                      {"loss", losses}};
  std::cout << out.dump() << "\n";
}

template <std::size_t Width>
void run(settings const& s) {
  auto const task = dm::bigram_backcopy<shape<Width>>({.seed = 1});
  auto net = dm::transformer<shape<Width>, dm::softmax>({.seed = 1});
  if (s.folder.empty()) {
    train(net, task, s);
  } else {
    write_folder(net, task, s);
  }
}

} // namespace

int main(int argc, char** argv) {
  settings s;
  CLI::App app("The loss of every training step and the seconds at which it was done, as JSON.");
  app.option_defaults()->always_capture_default();
  app.add_option("--width", s.width, "width and context of the model")
      ->check(CLI::IsMember({64, 128, 256}));
  app.add_option("--batch", s.batch, "sequences in a batch")->check(CLI::Range(1, 4096));
  app.add_option("--threads", s.threads, "cores to use")->check(CLI::Range(1, 1024));
  app.add_option("--steps", s.steps, "steps to take")->check(CLI::Range(1, 1000000));
  app.add_option("--seconds", s.seconds, "time after which no further step begins")
      ->check(CLI::PositiveNumber);
  app.add_option("--lr", s.lr, "learning rate of AdamW")->check(CLI::PositiveNumber);
  app.add_option("--export", s.folder,
                 "do not train: write the initial parameters and all batches to this folder");
  CLI11_PARSE(app, argc, argv);

  try {
    switch (s.width) {
    case 64: run<64>(s); break;
    case 128: run<128>(s); break;
    default: run<256>(s);
    }
  } catch (std::exception const& e) {
    std::fprintf(stderr, "loss_curve: %s\n", e.what());
    return 1;
  }
}
