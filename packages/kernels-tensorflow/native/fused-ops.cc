// Ops for TensorFlow's CPU device, through its C API, that do in one pass over memory what compositions of its own ops do in four to thirteen.
// Compiled into the addon of tfjs-node by `vitrail doctor --setup-tensorflow`. Everything is float32, matrices are row-major. What an op
// computes is the composition of the same name in src/composed-passes.ts. Results do not depend on the number of threads.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_status.h"
#include "tensorflow/c/tf_tensor.h"

namespace {

// ---- Threads ----

using Range = std::function<void(int64_t begin, int64_t end)>;

// As many threads as TensorFlow takes itself. They sleep between calls.
class Pool {
 public:
  Pool() {
    const char* asked = std::getenv("TF_NUM_INTRAOP_THREADS");
    const int threads = asked ? std::atoi(asked) : 0;
    size_ = threads > 0 ? threads : std::max(1u, std::thread::hardware_concurrency());
    for (int i = 1; i < size_; i++) std::thread([this] { Serve(); }).detach();
  }

  // Calls f on parts of [0, count), each of `part` or more of them.
  void Run(int64_t count, int64_t part, const Range& f) {
    const int64_t parts = std::min<int64_t>(4 * size_, count / std::max<int64_t>(1, part));
    if (parts <= 1 || size_ == 1) {
      if (count > 0) f(0, count);
      return;
    }
    std::lock_guard<std::mutex> one_caller(callers_);
    {
      std::lock_guard<std::mutex> lock(state_);
      f_ = &f;
      count_ = count;
      parts_ = parts;
      next_ = 0;
      call_++;
    }
    started_.notify_all();
    Work();
    // Every part has been taken; those that others took are done when none of them is at work.
    std::unique_lock<std::mutex> lock(state_);
    idle_.wait(lock, [this] { return working_ == 0; });
    f_ = nullptr;
  }

 private:
  void Work() {
    for (int64_t i = next_++; i < parts_; i = next_++) (*f_)(count_ * i / parts_, count_ * (i + 1) / parts_);
  }

  void Serve() {
    uint64_t seen = 0;
    std::unique_lock<std::mutex> lock(state_);
    for (;;) {
      started_.wait(lock, [&] { return f_ != nullptr && call_ != seen; });
      seen = call_;
      working_++;
      lock.unlock();
      Work();
      lock.lock();
      if (--working_ == 0) idle_.notify_one();
    }
  }

  std::mutex callers_, state_;
  std::condition_variable started_, idle_;
  const Range* f_ = nullptr;
  int64_t count_ = 0, parts_ = 0;
  std::atomic<int64_t> next_{0};
  uint64_t call_ = 0;
  int working_ = 0, size_ = 1;
};

// Never destroyed: its threads run until the process ends.
Pool& Threads() {
  static Pool* pool = new Pool();
  return *pool;
}

// Numbers that are worth waking a thread for.
constexpr int64_t kPart = 16384;

void ForNumbers(int64_t count, const Range& f) { Threads().Run(count, kPart, f); }
void ForRows(int64_t rows, int64_t width, const Range& f) { Threads().Run(rows, 1 + kPart / (width + 1), f); }

// ---- Functions that compilers turn into vector instructions ----

// Cephes expf, 2e-7 relative. 0 below the smallest normal number; NaN stays NaN.
inline float Exp(float x) {
  const float y = std::min(std::max(x, -87.3f), 88.3f);
  const float n = std::nearbyint(y * 1.44269504f);
  const float r = y - n * 0.693359375f + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const int32_t bits = (static_cast<int32_t>(n) + 127) << 23;
  float scale;
  std::memcpy(&scale, &bits, sizeof scale);
  return x < -87.3f ? 0.0f : p * scale;
}

// The rational approximation of Eigen and XLA, 4e-7 absolute.
inline float Erf(float x) {
  const float y = std::min(std::max(x, -4.0f), 4.0f), s = y * y;
  float a = -2.72614225801306e-10f;
  a = a * s + 2.77068142495902e-08f;
  a = a * s + -2.10102402082508e-06f;
  a = a * s + -5.69250639462346e-05f;
  a = a * s + -7.34990630326855e-04f;
  a = a * s + -2.95459980854025e-03f;
  a = a * s + -1.60960333262415e-02f;
  float b = -1.45660718464996e-05f;
  b = b * s + -2.13374055278905e-04f;
  b = b * s + -1.68282697438203e-03f;
  b = b * s + -7.37332916720468e-03f;
  b = b * s + -1.42647390514189e-02f;
  return y * a / b;
}

inline float Sigmoid(float x) { return 1.0f / (1.0f + Exp(-x)); }

// ---- Activations, in the order of `activationKinds` in src/passes.ts ----

// x sigmoid(u(x)) has the derivative s (1 + x u' (1 - s)).
inline float GateSlope(float s, float x_slope) { return s * (1.0f + x_slope * (1.0f - s)); }

struct Gelu {
  static float Value(float x) { return 0.5f * x * (1.0f + Erf(x * 0.70710678f)); }
  static float Slope(float x) { return 0.5f * (1.0f + Erf(x * 0.70710678f)) + 0.39894228f * x * Exp(-0.5f * x * x); }
};
struct GeluTanh {
  static constexpr float kLinear = 1.59576912f, kCubic = 1.59576912f * 0.044715f;
  static float Value(float x) { return x * Sigmoid(x * (kLinear + kCubic * x * x)); }
  static float Slope(float x) {
    const float s = x * x;
    return GateSlope(Sigmoid(x * (kLinear + kCubic * s)), x * (kLinear + 3.0f * kCubic * s));
  }
};
struct QuickGelu {
  static float Value(float x) { return x * Sigmoid(1.702f * x); }
  static float Slope(float x) { return GateSlope(Sigmoid(1.702f * x), 1.702f * x); }
};
struct Relu {
  static float Value(float x) { return x < 0.0f ? 0.0f : x; }
  static float Slope(float x) { return x > 0.0f ? 1.0f : x <= 0.0f ? 0.0f : x; }
};
struct Silu {
  static float Value(float x) { return x * Sigmoid(x); }
  static float Slope(float x) { return GateSlope(Sigmoid(x), x); }
};

template <typename F>
void ByKind(int kind, const F& f) {
  switch (kind) {
    case 0: return f(Gelu());
    case 1: return f(GeluTanh());
    case 2: return f(QuickGelu());
    case 3: return f(Relu());
    default: return f(Silu());
  }
}

// ---- What an op sees of TensorFlow ----

using Shape = std::vector<int64_t>;

class Call {
 public:
  explicit Call(TF_OpKernelContext* context) : context_(context), status_(TF_NewStatus()) {}
  ~Call() {
    if (TF_GetCode(status_) != TF_OK) TF_OpKernelContext_Failure(context_, status_);
    for (TF_Tensor* tensor : tensors_) TF_DeleteTensor(tensor);
    TF_DeleteStatus(status_);
  }
  const float* Input(int index) {
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context_, index, &tensor, status_);
    return static_cast<const float*>(Data(tensor));
  }
  Shape InputShape(int index) {
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context_, index, &tensor, status_);
    Data(tensor);
    Shape shape;
    for (int i = 0; tensor != nullptr && i < TF_NumDims(tensor); i++) shape.push_back(TF_Dim(tensor, i));
    return shape;
  }
  float* Output(int index, const Shape& shape) {
    return static_cast<float*>(
        Data(TF_AllocateOutput(context_, index, TF_FLOAT, shape.data(), shape.size(), Count(shape) * sizeof(float), status_)));
  }
  bool Failed() const { return TF_GetCode(status_) != TF_OK; }
  static int64_t Count(const Shape& shape) {
    int64_t count = 1;
    for (int64_t length : shape) count *= length;
    return count;
  }

 private:
  void* Data(TF_Tensor* tensor) {
    if (tensor == nullptr) return nullptr;
    tensors_.push_back(tensor);
    return TF_TensorData(tensor);
  }
  TF_OpKernelContext* context_;
  TF_Status* status_;
  std::vector<TF_Tensor*> tensors_;
};

// ---- Ops. The settings are the attributes, one number or none ----

struct Settings {
  int kind = 0;
  float epsilon = 0;
};

void Activate(const Settings& settings, Call& call) {
  const Shape shape = call.InputShape(0);
  const float* x = call.Input(0);
  float* y = call.Output(0, shape);
  if (call.Failed()) return;
  ByKind(settings.kind, [&](auto f) {
    ForNumbers(Call::Count(shape), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) y[i] = decltype(f)::Value(x[i]);
    });
  });
}

void ActivateGrad(const Settings& settings, Call& call) {
  const Shape shape = call.InputShape(1);
  const float *dy = call.Input(0), *x = call.Input(1);
  float* dx = call.Output(0, shape);
  if (call.Failed()) return;
  ByKind(settings.kind, [&](auto f) {
    ForNumbers(Call::Count(shape), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) dx[i] = dy[i] * decltype(f)::Slope(x[i]);
    });
  });
}

void BiasActivate(const Settings& settings, Call& call) {
  const Shape shape = call.InputShape(0);
  const float *x = call.Input(0), *bias = call.Input(1);
  float *y = call.Output(0, shape), *sum = call.Output(1, shape);
  if (call.Failed()) return;
  const int64_t width = shape[1];
  ByKind(settings.kind, [&](auto f) {
    ForRows(shape[0], width, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; row++) {
        const int64_t at = row * width;
        for (int64_t i = 0; i < width; i++) {
          const float s = x[at + i] + bias[i];
          sum[at + i] = s;
          y[at + i] = decltype(f)::Value(s);
        }
      }
    });
  });
}

void Swiglu(const Settings&, Call& call) {
  const Shape shape = call.InputShape(0);
  const float *gate = call.Input(0), *value = call.Input(1);
  float* y = call.Output(0, shape);
  if (call.Failed()) return;
  ForNumbers(Call::Count(shape), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) y[i] = Silu::Value(gate[i]) * value[i];
  });
}

void SwigluGrad(const Settings&, Call& call) {
  const Shape shape = call.InputShape(1);
  const float *dy = call.Input(0), *gate = call.Input(1), *value = call.Input(2);
  float *d_gate = call.Output(0, shape), *d_value = call.Output(1, shape);
  if (call.Failed()) return;
  ForNumbers(Call::Count(shape), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      d_gate[i] = dy[i] * value[i] * Silu::Slope(gate[i]);
      d_value[i] = dy[i] * Silu::Value(gate[i]);
    }
  });
}

void LayerNorm(const Settings& settings, Call& call) {
  const Shape shape = call.InputShape(0);
  const float *x = call.Input(0), *scale = call.Input(1), *bias = call.Input(2);
  const int64_t width = shape[1];
  float *y = call.Output(0, shape), *means = call.Output(1, {shape[0], 1}), *inverses = call.Output(2, {shape[0], 1});
  if (call.Failed()) return;
  ForRows(shape[0], width, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const float* from = x + row * width;
      float* to = y + row * width;
      float sum = 0, squares = 0;
      for (int64_t i = 0; i < width; i++) sum += from[i];
      const float mean = sum / width;
      for (int64_t i = 0; i < width; i++) squares += (from[i] - mean) * (from[i] - mean);
      const float inverse = 1.0f / std::sqrt(squares / width + settings.epsilon);
      for (int64_t i = 0; i < width; i++) to[i] = (from[i] - mean) * inverse * scale[i] + bias[i];
      means[row] = mean;
      inverses[row] = inverse;
    }
  });
}

void LayerNormGrad(const Settings&, Call& call) {
  const Shape shape = call.InputShape(1);
  const float *dy = call.Input(0), *x = call.Input(1), *scale = call.Input(2), *means = call.Input(3), *inverses = call.Input(4);
  const int64_t rows = shape[0], width = shape[1];
  float *dx = call.Output(0, shape), *d_scale = call.Output(1, {width}), *d_bias = call.Output(2, {width});
  if (call.Failed()) return;
  // Sums over rows are taken in blocks whose number does not depend on the threads, so that they are always the same.
  const int64_t blocks = std::max<int64_t>(1, std::min<int64_t>(16, rows / 16));
  std::vector<float> sums(2 * blocks * width, 0.0f);
  Threads().Run(blocks, 1 + kPart * blocks / (rows * width + 1), [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; block++) {
      float *block_scale = sums.data() + 2 * block * width, *block_bias = block_scale + width;
      for (int64_t row = rows * block / blocks; row < rows * (block + 1) / blocks; row++) {
        const float *up = dy + row * width, *from = x + row * width;
        const float mean = means[row], inverse = inverses[row];
        float* to = dx + row * width;
        float total = 0, along = 0;
        for (int64_t i = 0; i < width; i++) {
          const float normal = (from[i] - mean) * inverse, scaled = up[i] * scale[i];
          total += scaled;
          along += scaled * normal;
          block_scale[i] += up[i] * normal;
          block_bias[i] += up[i];
        }
        total /= width;
        along /= width;
        for (int64_t i = 0; i < width; i++) {
          to[i] = inverse * (up[i] * scale[i] - total - (from[i] - mean) * inverse * along);
        }
      }
    }
  });
  std::fill(d_scale, d_scale + width, 0.0f);
  std::fill(d_bias, d_bias + width, 0.0f);
  for (int64_t block = 0; block < blocks; block++) {
    const float *block_scale = sums.data() + 2 * block * width, *block_bias = block_scale + width;
    for (int64_t i = 0; i < width; i++) {
      d_scale[i] += block_scale[i];
      d_bias[i] += block_bias[i];
    }
  }
}

// Scores at and below this belong to masked keys.
constexpr float kMasked = -5e29f;

void Softmax(const Settings&, Call& call) {
  const Shape shape = call.InputShape(0);
  const float* scores = call.Input(0);
  const int64_t keys = shape.back();
  const Shape rows_shape(shape.begin(), shape.end() - 1);
  float *weights = call.Output(0, shape), *log_sums = call.Output(1, rows_shape);
  if (call.Failed()) return;
  ForRows(Call::Count(rows_shape), keys, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const float* from = scores + row * keys;
      float* to = weights + row * keys;
      float top = from[0], sum = 0;
      for (int64_t i = 1; i < keys; i++) top = std::max(top, from[i]);
      for (int64_t i = 0; i < keys; i++) {
        to[i] = Exp(from[i] - top);
        sum += to[i];
      }
      // A query that sees no key has no weights, and 0 stands for its logarithm.
      const bool blind = top <= kMasked;
      const float inverse = blind ? 0.0f : 1.0f / sum;
      for (int64_t i = 0; i < keys; i++) to[i] *= inverse;
      log_sums[row] = blind ? 0.0f : top + std::log(sum);
    }
  });
}

void SoftmaxGrad(const Settings&, Call& call) {
  const Shape shape = call.InputShape(0);
  const float *scores = call.Input(0), *log_sums = call.Input(1), *d_weights = call.Input(2);
  const int64_t keys = shape.back();
  float *weights = call.Output(0, shape), *d_scores = call.Output(1, shape);
  if (call.Failed()) return;
  ForRows(Call::Count(shape) / std::max<int64_t>(1, keys), keys, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const int64_t at = row * keys;
      float inner = 0;
      for (int64_t i = at; i < at + keys; i++) {
        weights[i] = Exp(scores[i] - log_sums[row]);
        inner += weights[i] * d_weights[i];
      }
      for (int64_t i = at; i < at + keys; i++) d_scores[i] = weights[i] * (d_weights[i] - inner);
    }
  });
}

// Parameter, gradient, moments, the scale of the gradient, and `adamwNumbers` of src/adamw.ts.
void AdamW(const Settings&, Call& call) {
  const Shape shape = call.InputShape(0);
  const float *p = call.Input(0), *g = call.Input(1), *m = call.Input(2), *v = call.Input(3);
  const float *scales = call.Input(4), *numbers = call.Input(5);
  float *new_p = call.Output(0, shape), *new_m = call.Output(1, shape), *new_v = call.Output(2, shape);
  if (call.Failed()) return;
  const float scale = scales[0], kept = numbers[0], rate = numbers[1], epsilon = numbers[2];
  const float beta1 = numbers[3], new1 = numbers[4], beta2 = numbers[5], new2 = numbers[6];
  ForNumbers(Call::Count(shape), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const float gradient = scale * g[i];
      const float first = beta1 * m[i] + new1 * gradient, second = beta2 * v[i] + new2 * gradient * gradient;
      new_m[i] = first;
      new_v[i] = second;
      new_p[i] = kept * p[i] - rate * first / (std::sqrt(second) + epsilon);
    }
  });
}

// ---- Registration ----

enum class Setting { kNone, kKind, kEpsilon };

template <Setting setting>
void* Create(TF_OpKernelConstruction* construction) {
  Settings* settings = new Settings();
  TF_Status* status = TF_NewStatus();
  if (setting == Setting::kKind) {
    int32_t kind = 0;
    TF_OpKernelConstruction_GetAttrInt32(construction, "kind", &kind, status);
    settings->kind = kind;
  }
  if (setting == Setting::kEpsilon) TF_OpKernelConstruction_GetAttrFloat(construction, "epsilon", &settings->epsilon, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return settings;
}

void Delete(void* settings) { delete static_cast<Settings*>(settings); }

template <void (*op)(const Settings&, Call&)>
void Compute(void* settings, TF_OpKernelContext* context) {
  Call call(context);
  op(*static_cast<Settings*>(settings), call);
}

void AnyShape(TF_ShapeInferenceContext* context, TF_Status* status) { TF_ShapeInferenceContextSetUnknownShape(context, status); }

template <void (*op)(const Settings&, Call&), Setting setting = Setting::kNone>
void Register(const char* name, int inputs, int outputs) {
  TF_Status* status = TF_NewStatus();
  TF_OpDefinitionBuilder* definition = TF_NewOpDefinitionBuilder(name);
  char argument[32];
  for (int i = 0; i < inputs; i++) {
    std::snprintf(argument, sizeof argument, "input%d: float", i);
    TF_OpDefinitionBuilderAddInput(definition, argument);
  }
  for (int i = 0; i < outputs; i++) {
    std::snprintf(argument, sizeof argument, "output%d: float", i);
    TF_OpDefinitionBuilderAddOutput(definition, argument);
  }
  if (setting == Setting::kKind) TF_OpDefinitionBuilderAddAttr(definition, "kind: int");
  if (setting == Setting::kEpsilon) TF_OpDefinitionBuilderAddAttr(definition, "epsilon: float");
  TF_OpDefinitionBuilderSetShapeInferenceFunction(definition, AnyShape);
  TF_RegisterOpDefinition(definition, status);
  TF_RegisterKernelBuilder(name, TF_NewKernelBuilder(name, "CPU", Create<setting>, Compute<op>, Delete), status);
  if (TF_GetCode(status) != TF_OK) std::fprintf(stderr, "vitrail: the op %s could not be registered: %s\n", name, TF_Message(status));
  TF_DeleteStatus(status);
}

__attribute__((constructor)) void RegisterAll() {
  Register<Activate, Setting::kKind>("VitrailFusedActivate", 1, 1);
  Register<ActivateGrad, Setting::kKind>("VitrailFusedActivateGrad", 2, 1);
  Register<BiasActivate, Setting::kKind>("VitrailFusedBiasActivate", 2, 2);
  Register<Swiglu>("VitrailFusedSwiglu", 2, 1);
  Register<SwigluGrad>("VitrailFusedSwigluGrad", 3, 2);
  Register<LayerNorm, Setting::kEpsilon>("VitrailFusedLayerNorm", 3, 3);
  Register<LayerNormGrad>("VitrailFusedLayerNormGrad", 5, 3);
  Register<Softmax>("VitrailFusedSoftmax", 1, 2);
  Register<SoftmaxGrad>("VitrailFusedSoftmaxGrad", 3, 2);
  Register<AdamW>("VitrailFusedAdamW", 6, 3);
}

}  // namespace
