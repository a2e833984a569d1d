// SPDX-License-Identifier: MIT
// Trains the model of plain_model.h with AdamW. Reads a folder that `loss_curve --export` wrote and
// prints the loss of every step and the seconds at which it was done, as JSON.
//
//   plain_trainer FOLDER THREADS SECONDS      no step begins after SECONDS
//
// Threads share a batch by its sequences and have a gradient each; without OpenMP there is one thread.
#define _POSIX_C_SOURCE 199309L // clock_gettime

#include "plain_model.h"

#include <time.h>

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

// The words of sizes.txt.
struct plan {
  double width, context, vocab, batch, steps, lr, beta1, beta2, eps, weight_decay, floor;
};

static FILE* opened(char const* folder, char const* name) {
  char path[4096];
  int const length = snprintf(path, sizeof path, "%s/%s", folder, name);
  if (length < 0 || (size_t)length >= sizeof path) fail("the path is too long:", folder);
  FILE* const file = fopen(path, "rb");
  if (file == NULL) fail("cannot read", path);
  return file;
}

// Reads sizes.txt, and refuses tensors in another order than names has them.
static struct plan read_plan(char const* folder) {
  struct plan p = {0};
  struct {
    char const* word;
    double* value;
  } const known[] = {{"width", &p.width},
                     {"context", &p.context},
                     {"vocab", &p.vocab},
                     {"batch", &p.batch},
                     {"steps", &p.steps},
                     {"lr", &p.lr},
                     {"beta1", &p.beta1},
                     {"beta2", &p.beta2},
                     {"eps", &p.eps},
                     {"floor", &p.floor},
                     {"weight_decay", &p.weight_decay}};
  FILE* const file = opened(folder, "sizes.txt");
  char word[64], name[96];
  size_t tensor = 0;
  while (fscanf(file, "%63s", word) == 1) {
    if (strcmp(word, "tensor") == 0) {
      if (fscanf(file, "%95s %*u %*u", name) != 1) fail("sizes.txt ends within", "a tensor");
      if (tensor == tensors || strcmp(name, names[tensor]) != 0) fail("unexpected tensor", name);
      ++tensor;
      continue;
    }
    size_t i = 0;
    while (i < sizeof known / sizeof *known && strcmp(word, known[i].word) != 0) ++i;
    if (i == sizeof known / sizeof *known) fail("sizes.txt has an unknown word:", word);
    if (fscanf(file, "%lf", known[i].value) != 1) fail("sizes.txt has no number for", word);
  }
  fclose(file);
  if (tensor != tensors) fail("sizes.txt lacks tensors of", "the model");
  return p;
}

// The data of a .npy file, version 1.0: it follows a header of 10 bytes and of what the last two say.
static void* read_npy(char const* folder, char const* name, size_t bytes) {
  FILE* const file = opened(folder, name);
  unsigned char start[10];
  void* const data = malloc(bytes);
  if (data == NULL) fail("there is no memory for", name);
  if (fread(start, 1, sizeof start, file) != sizeof start ||
      fseek(file, start[8] + 256L * start[9], SEEK_CUR) != 0 ||
      fread(data, 1, bytes, file) != bytes || fgetc(file) != EOF) {
    fail("of the size that sizes.txt says is not", name);
  }
  fclose(file);
  return data;
}

// The t-th step of AdamW on n parameters from the i-th on. Sums the gradients of all workers into the
// first and leaves them zero.
//   m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g^2,
//   p = (1 - lr decay) p - lr / (1 - beta1^t) m / (sqrt(v / (1 - beta2^t)) + eps)
static void update(struct plan const* h, double t, struct worker* workers, size_t threads, float* p,
                   float* m, float* v, size_t i, size_t n) {
  float const beta1 = (float)h->beta1, rest1 = (float)(1 - h->beta1), eps = (float)h->eps;
  float const beta2 = (float)h->beta2, rest2 = (float)(1 - h->beta2);
  float const keep = (float)(1 - h->lr * h->weight_decay);
  float const step = (float)(h->lr / (1 - pow(h->beta1, t)));
  float const root = (float)(1 / sqrt(1 - pow(h->beta2, t)));
  float* const g = workers[0].gradient + i;
  p += i, m += i, v += i;
  for (size_t w = 1; w < threads; ++w) {
    float* const more = workers[w].gradient + i;
    for (size_t j = 0; j < n; ++j) g[j] += more[j];
    clear(more, n);
  }
  for (size_t j = 0; j < n; ++j) {
    m[j] = beta1 * m[j] + rest1 * g[j];
    v[j] = beta2 * v[j] + rest2 * g[j] * g[j];
    p[j] = keep * p[j] - step * m[j] / (sqrtf(v[j]) * root + eps);
  }
  clear(g, n);
}

// The mean loss of a batch; its gradient is left with the workers.
static double differentiate(struct weights const* weights, struct worker* workers, size_t threads,
                            int32_t const* tokens, size_t batch) {
#pragma omp parallel for num_threads((int)threads) schedule(static, 1)
  for (size_t w = 0; w < threads; ++w) {
    workers[w].loss = 0;
    for (size_t b = w; b < batch; b += threads) {
      sequence(weights, &workers[w], tokens + b * (T + 1), batch);
    }
  }
  double loss = 0;
  for (size_t w = 0; w < threads; ++w) loss += workers[w].loss;
  return loss;
}

static void print(char const* name, double const* values, size_t n) {
  printf("\"%s\": [", name);
  for (size_t i = 0; i < n; ++i) printf("%s%.9g", i == 0 ? "" : ", ", values[i]);
  printf("]");
}

int main(int argc, char** argv) {
  if (argc != 4) fail("usage:", "plain_trainer FOLDER THREADS SECONDS");
  size_t threads = strtoul(argv[2], NULL, 10);
  double const limit = strtod(argv[3], NULL);
  if (threads < 1 || threads > 1024) fail("threads must be 1 to 1024, found", argv[2]);
#ifndef _OPENMP
  threads = 1;
#endif

  struct plan const plan = read_plan(argv[1]);
  size_t const batch = (size_t)plan.batch, steps = (size_t)plan.steps;
  C = (size_t)plan.width, F = 4 * C, T = (size_t)plan.context, V = (size_t)plan.vocab;
  struct weights weights;
  size_t const n = point(&weights, NULL);
  float* const p = read_npy(argv[1], "parameters.npy", n * sizeof(float));
  int32_t* const tokens =
      read_npy(argv[1], "tokens.npy", steps * batch * (T + 1) * sizeof(int32_t));
  point(&weights, p);
  float *const m = floats(n), *const v = floats(n);
  double* const times = calloc(steps, sizeof(double));
  double* const losses = calloc(steps, sizeof(double));
  struct worker* const workers = calloc(threads, sizeof(struct worker));
  if (times == NULL || losses == NULL || workers == NULL)
    fail("there is no memory for", "the training");
  for (size_t w = 0; w < threads; ++w) make_worker(&workers[w], n);

  // Starts the threads and touches the memory before the clock.
  differentiate(&weights, workers, threads, tokens, batch);
  for (size_t w = 0; w < threads; ++w) clear(workers[w].gradient, n);

  size_t done = 0;
  double const start = seconds();
  do {
    losses[done] =
        differentiate(&weights, workers, threads, tokens + done * batch * (T + 1), batch);
    size_t const chunk = 4096;
#pragma omp parallel for num_threads((int)threads)
    for (size_t i = 0; i < n; i += chunk) {
      update(&plan, (double)(done + 1), workers, threads, p, m, v, i,
             n - i < chunk ? n - i : chunk);
    }
    times[done++] = seconds() - start;
  } while (done < steps && times[done - 1] < limit);

  printf("{\"peer\": \"plain C\", \"threads\": %zu, ", threads);
  print("seconds", times, done);
  printf(", ");
  print("loss", losses, done);
  printf("}\n");
}
