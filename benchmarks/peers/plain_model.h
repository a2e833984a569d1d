// SPDX-License-Identifier: MIT
// The paper's model of one layer and one head (arXiv 2410.13835, section 2) in plain C11: its loss
// on a sequence and the gradient, by loops that a compiler turns into vector instructions by
// itself. No library, no intrinsics, no blocking for caches.
//
// Letters: C width, F = 4 C, T context, V vocabulary. Matrices are row-major, weights [out, in];
// the gradient of a is called da. Every product adds to its result.
#ifndef DORMANT_PLAIN_MODEL_H
#define DORMANT_PLAIN_MODEL_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t C, F, T, V; // set once, before anything else

static void fail(char const* what, char const* which) {
  fprintf(stderr, "plain_trainer: %s %s\n", what, which);
  exit(1);
}
static float* floats(size_t n) { // zeros
  float* const memory = calloc(n, sizeof(float));
  if (memory == NULL) fail("there is no memory for", "the training");
  return memory;
}
static void clear(float* x, size_t n) { memset(x, 0, n * sizeof(float)); }

// Parameters, or their gradients: pointers into one array, in the order of the file.
struct weights {
  float *token, *position;                  // [V, C], [T, C]
  float *gain1, *bias1, *wq, *wk, *wv, *wo; // attention: [C], [C], then [C, C]
  float *gain2, *bias2, *w1, *w2;           // MLP: [C], [C], [F, C], [C, F]
  float *gain3, *bias3, *output;            // [C], [C], [V, C]
};
enum { tensors = 15 };
static char const* const names[tensors] = {"tok_embeddings.weight",
                                           "pos_embeddings.weight",
                                           "layers.0.attention_norm.weight",
                                           "layers.0.attention_norm.bias",
                                           "layers.0.attention.wq.weight",
                                           "layers.0.attention.wk.weight",
                                           "layers.0.attention.wv.weight",
                                           "layers.0.attention.wo.weight",
                                           "layers.0.ff_norm.weight",
                                           "layers.0.ff_norm.bias",
                                           "layers.0.ff.w1.weight",
                                           "layers.0.ff.w2.weight",
                                           "norm.weight",
                                           "norm.bias",
                                           "output.weight"};

// Points w into flat, unless that is NULL; returns the number of parameters.
static size_t point(struct weights* w, float* flat) {
  float** const places[tensors] = {&w->token, &w->position, &w->gain1, &w->bias1, &w->wq,
                                   &w->wk,    &w->wv,       &w->wo,    &w->gain2, &w->bias2,
                                   &w->w1,    &w->w2,       &w->gain3, &w->bias3, &w->output};
  size_t const sizes[tensors] = {V * C, T * C, C,     C,     C * C, C * C, C * C, C * C,
                                 C,     C,     F * C, C * F, C,     C,     V * C};
  size_t total = 0;
  for (size_t i = 0; i < tensors; ++i) {
    if (flat != NULL) *places[i] = flat + total;
    total += sizes[i];
  }
  return total;
}

// c[m][n] += sum_k a[m][k] b[n][k], four n at a time, which share what is loaded of a.
static void dots(size_t M, size_t K, size_t N, float const* a, float const* b, float* c) {
  for (size_t m = 0; m < M; ++m, a += K, c += N) {
    size_t n = 0;
    for (; n + 4 <= N; n += 4) {
      float const *b0 = b + n * K, *b1 = b0 + K, *b2 = b1 + K, *b3 = b2 + K;
      float s0 = 0, s1 = 0, s2 = 0, s3 = 0;
      for (size_t k = 0; k < K; ++k) {
        s0 += a[k] * b0[k];
        s1 += a[k] * b1[k];
        s2 += a[k] * b2[k];
        s3 += a[k] * b3[k];
      }
      c[n] += s0;
      c[n + 1] += s1;
      c[n + 2] += s2;
      c[n + 3] += s3;
    }
    for (; n < N; ++n) {
      float s = 0;
      for (size_t k = 0; k < K; ++k) s += a[k] * b[n * K + k];
      c[n] += s;
    }
  }
}

// c[m][n] += sum_k a[m row + k column] b[k][n], four k at a time, so that c is stored less often.
static void mix(size_t M, size_t K, size_t N, float const* a, size_t row, size_t column,
                float const* b, float* restrict c) {
  for (size_t m = 0; m < M; ++m, a += row, c += N) {
    size_t k = 0;
    for (; k + 4 <= K; k += 4) {
      float const *b0 = b + k * N, *b1 = b0 + N, *b2 = b1 + N, *b3 = b2 + N;
      float const a0 = a[k * column], a1 = a[(k + 1) * column];
      float const a2 = a[(k + 2) * column], a3 = a[(k + 3) * column];
      for (size_t n = 0; n < N; ++n) c[n] += a0 * b0[n] + a1 * b1[n] + a2 * b2[n] + a3 * b3[n];
    }
    for (; k < K; ++k) {
      for (size_t n = 0; n < N; ++n) c[n] += a[k * column] * b[k * N + n];
    }
  }
}

// y += x w^T for T rows; x [T, in], w [out, in]. Backward: dx += dy w, dw += dy^T x.
static void linear(size_t in, size_t out, float const* x, float const* w, float* y) {
  dots(T, in, out, x, w, y);
}
static void linear_back(size_t in, size_t out, float const* x, float const* w, float const* dy,
                        float* dx, float* dw) {
  mix(T, out, in, dy, out, 1, w, dx);
  mix(out, T, in, dy, 1, out, x, dw);
}

// y = u gain + bias with u = (x - mean x) r, r = 1 / sqrt(var x + 1e-5), over each row.
static void norm(float const* x, float const* gain, float const* bias, float* y, float* means,
                 float* scales) {
  for (size_t t = 0; t < T; ++t, x += C, y += C) {
    float sum = 0, square = 0;
    for (size_t i = 0; i < C; ++i) sum += x[i];
    float const mean = sum / (float)C;
    for (size_t i = 0; i < C; ++i) square += (x[i] - mean) * (x[i] - mean);
    float const r = 1 / sqrtf(square / (float)C + 1e-5F);
    for (size_t i = 0; i < C; ++i) y[i] = (x[i] - mean) * r * gain[i] + bias[i];
    means[t] = mean;
    scales[t] = r;
  }
}
// With g = dy gain: dx += r (g - mean g - u mean(g u)), dgain += dy u, dbias += dy.
static void norm_back(float const* x, float const* gain, float const* means, float const* scales,
                      float const* dy, float* restrict dx, float* restrict dgain,
                      float* restrict dbias) {
  for (size_t t = 0; t < T; ++t, x += C, dy += C, dx += C) {
    float const mean = means[t], r = scales[t];
    float sum = 0, along = 0;
    for (size_t i = 0; i < C; ++i) {
      float const u = (x[i] - mean) * r;
      sum += dy[i] * gain[i];
      along += dy[i] * gain[i] * u;
      dgain[i] += dy[i] * u;
      dbias[i] += dy[i];
    }
    sum /= (float)C;
    along /= (float)C;
    for (size_t i = 0; i < C; ++i) {
      dx[i] += r * (dy[i] * gain[i] - sum - (x[i] - mean) * r * along);
    }
  }
}

// x [n] becomes exp(x - max x); returns their sum, and the maximum.
static float exponentials(float* x, size_t n, float* top) {
  float sum = 0;
  *top = x[0];
  for (size_t i = 1; i < n; ++i) *top = x[i] > *top ? x[i] : *top;
  for (size_t i = 0; i < n; ++i) sum += x[i] = expf(x[i] - *top);
  return sum;
}

// What one sequence leaves on its way, and the gradients on the way back.
struct worker {
  float *x0, *y1, *q, *k, *v, *z, *x1, *y2, *x2, *y3, *dx, *dy, *dq, *dk, *dv, *dz; // [T, C]
  float *h, *dh;                                                                    // [T, F]
  float *p, *dp;                               // [T, T], row-causal
  float* logits;                               // [T, V]
  float *mean1, *r1, *mean2, *r2, *mean3, *r3; // [T]
  float* gradient;                             // summed over the worker's sequences
  struct weights d;                            // into it
  double loss;                                 // likewise
};
static void make_worker(struct worker* w, size_t parameters) {
  float** const wide[] = {&w->x0, &w->y1, &w->q,  &w->k,  &w->v,  &w->z,  &w->x1, &w->y2,
                          &w->x2, &w->y3, &w->dx, &w->dy, &w->dq, &w->dk, &w->dv, &w->dz};
  float** const narrow[] = {&w->mean1, &w->r1, &w->mean2, &w->r2, &w->mean3, &w->r3};
  for (size_t i = 0; i < sizeof wide / sizeof *wide; ++i) *wide[i] = floats(T * C);
  for (size_t i = 0; i < sizeof narrow / sizeof *narrow; ++i) *narrow[i] = floats(T);
  w->h = floats(T * F);
  w->dh = floats(T * F);
  w->p = floats(T * T);
  w->dp = floats(T * T);
  w->logits = floats(T * V);
  w->gradient = floats(parameters);
  point(&w->d, w->gradient);
  w->loss = 0;
}

// p = softmax(q k^T / sqrt C) over keys up to the query; z = p v.
static void attention(struct worker* w) {
  float const scale = 1 / sqrtf((float)C);
  clear(w->p, T * T);
  clear(w->z, T * C);
  for (size_t t = 0; t < T; ++t) {
    float* const p = w->p + t * T;
    dots(1, C, t + 1, w->q + t * C, w->k, p);
    for (size_t i = 0; i <= t; ++i) p[i] *= scale;
    float top = 0;
    float const sum = exponentials(p, t + 1, &top);
    for (size_t i = 0; i <= t; ++i) p[i] /= sum;
    mix(1, t + 1, C, p, 0, 1, w->v, w->z + t * C);
  }
}
// dp = dz v^T, ds = p (dp - sum p dp) / sqrt C; dq = ds k, dk = ds^T q, dv = p^T dz.
static void attention_back(struct worker* w) {
  float const scale = 1 / sqrtf((float)C);
  clear(w->dp, T * T);
  for (size_t t = 0; t < T; ++t) {
    float const* const p = w->p + t * T;
    float* const dp = w->dp + t * T;
    dots(1, C, t + 1, w->dz + t * C, w->v, dp);
    float sum = 0;
    for (size_t i = 0; i <= t; ++i) sum += p[i] * dp[i];
    for (size_t i = 0; i <= t; ++i) dp[i] = p[i] * (dp[i] - sum) * scale; // now ds
    mix(1, t + 1, C, dp, 0, 1, w->k, w->dq + t * C);
  }
  for (size_t i = 0; i < T; ++i) { // the queries that see key i are i, i + 1, ...
    size_t const first = i * T + i;
    mix(1, T - i, C, w->dp + first, 0, T, w->q + i * C, w->dk + i * C);
    mix(1, T - i, C, w->p + first, 0, T, w->dz + i * C, w->dv + i * C);
  }
}

// Adds the loss of one sequence and its gradient, each divided by the
// number of tokens in the batch.
static void sequence(struct weights const* a, struct worker* w, int32_t const* tokens,
                     size_t batch) {
  struct weights const* const d = &w->d;
  for (size_t t = 0; t < T; ++t) {
    float const* const token = a->token + (size_t)tokens[t] * C;
    for (size_t i = 0; i < C; ++i) w->x0[t * C + i] = token[i] + a->position[t * C + i];
  }
  norm(w->x0, a->gain1, a->bias1, w->y1, w->mean1, w->r1);
  clear(w->q, T * C);
  clear(w->k, T * C);
  clear(w->v, T * C);
  linear(C, C, w->y1, a->wq, w->q);
  linear(C, C, w->y1, a->wk, w->k);
  linear(C, C, w->y1, a->wv, w->v);
  attention(w);
  memcpy(w->x1, w->x0, T * C * sizeof(float)); // x1 = x0 + attention
  linear(C, C, w->z, a->wo, w->x1);
  norm(w->x1, a->gain2, a->bias2, w->y2, w->mean2, w->r2);
  clear(w->h, T * F);
  linear(C, F, w->y2, a->w1, w->h);
  for (size_t i = 0; i < T * F; ++i) w->h[i] = w->h[i] > 0 ? w->h[i] : 0;
  memcpy(w->x2, w->x1, T * C * sizeof(float)); // x2 = x1 + MLP
  linear(F, C, w->h, a->w2, w->x2);
  norm(w->x2, a->gain3, a->bias3, w->y3, w->mean3, w->r3);
  clear(w->logits, T * V);
  linear(C, V, w->y3, a->output, w->logits);

  // loss = log sum exp logits - logit of the target; its gradient is softmax - one hot.
  float const share = 1 / (float)(batch * T);
  for (size_t t = 0; t < T; ++t) {
    float* const row = w->logits + t * V;
    size_t const target = (size_t)tokens[t + 1];
    float const hit = row[target];
    float top = 0;
    float const sum = exponentials(row, V, &top);
    w->loss += (double)((logf(sum) + top - hit) * share);
    for (size_t i = 0; i < V; ++i) row[i] *= share / sum;
    row[target] -= share;
  }

  clear(w->dy, T * C);
  clear(w->dx, T * C); // the gradient of the residual stream: x2, then x1, then x0
  linear_back(C, V, w->y3, a->output, w->logits, w->dy, d->output);
  norm_back(w->x2, a->gain3, w->mean3, w->r3, w->dy, w->dx, d->gain3, d->bias3);
  clear(w->dh, T * F);
  linear_back(F, C, w->h, a->w2, w->dx, w->dh, d->w2);
  for (size_t i = 0; i < T * F; ++i) w->dh[i] = w->h[i] > 0 ? w->dh[i] : 0;
  clear(w->dy, T * C);
  linear_back(C, F, w->y2, a->w1, w->dh, w->dy, d->w1);
  norm_back(w->x1, a->gain2, w->mean2, w->r2, w->dy, w->dx, d->gain2, d->bias2);
  clear(w->dz, T * C);
  clear(w->dq, T * C);
  clear(w->dk, T * C);
  clear(w->dv, T * C);
  linear_back(C, C, w->z, a->wo, w->dx, w->dz, d->wo);
  attention_back(w);
  clear(w->dy, T * C);
  linear_back(C, C, w->y1, a->wq, w->dq, w->dy, d->wq);
  linear_back(C, C, w->y1, a->wk, w->dk, w->dy, d->wk);
  linear_back(C, C, w->y1, a->wv, w->dv, w->dy, d->wv);
  norm_back(w->x0, a->gain1, w->mean1, w->r1, w->dy, w->dx, d->gain1, d->bias1);
  for (size_t t = 0; t < T; ++t) {
    float* const dtoken = d->token + (size_t)tokens[t] * C;
    for (size_t i = 0; i < C; ++i) dtoken[i] += w->dx[t * C + i];
    for (size_t i = 0; i < C; ++i) d->position[t * C + i] += w->dx[t * C + i];
  }
}

#endif
