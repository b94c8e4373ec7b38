// Values and derivatives of the activations, in the order of `activationKinds` in src/passes.ts.
#pragma once
#include "vector-functions.h"

namespace vitrail {

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

// Calls f with the activation of that number.
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
}  // namespace vitrail
