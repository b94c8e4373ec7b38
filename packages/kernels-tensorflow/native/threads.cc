#include "threads.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace vitrail {
namespace {

// As many threads as TensorFlow takes itself. They sleep between calls.
class Pool {
 public:
  Pool() {
    const char* asked = std::getenv("TF_NUM_INTRAOP_THREADS");
    const int threads = asked ? std::atoi(asked) : 0;
    size_ = threads > 0 ? threads : std::max(1u, std::thread::hardware_concurrency());
    for (int i = 1; i < size_; i++) std::thread([this] { Serve(); }).detach();
  }

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

}  // namespace

void ForParts(int64_t count, int64_t part, const Range& f) { Threads().Run(count, part, f); }

}  // namespace vitrail
