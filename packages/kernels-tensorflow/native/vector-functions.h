// Functions that compilers turn into vector instructions.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace vitrail {

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
}  // namespace vitrail
