// Threads for the loops of the ops.
#pragma once
#include <cstdint>
#include <functional>

namespace vitrail {

using Range = std::function<void(int64_t begin, int64_t end)>;

// Numbers that are worth waking a thread for.
constexpr int64_t kPart = 16384;

// Calls f on parts of [0, count), each of `part` or more of them.
void ForParts(int64_t count, int64_t part, const Range& f);

inline void ForNumbers(int64_t count, const Range& f) { ForParts(count, kPart, f); }
inline void ForRows(int64_t rows, int64_t width, const Range& f) { ForParts(rows, 1 + kPart / (width + 1), f); }

}  // namespace vitrail
