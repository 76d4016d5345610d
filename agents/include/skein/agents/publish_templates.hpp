// The templates of `publish` spans by type, made as types turn up.
#pragma once

#include <skein/agents/publish_span.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace skein::agents {

/// Thread-safe; a type that was seen before is found without a lock. It only grows: for types of the program, not for names that anybody may send.
class publish_templates {
 public:
  /// The template of the type's spans; lives as long as this.
  [[nodiscard]] span_template const& of(std::string_view type) {
    if (auto const* const known = find(type)) return *known;
    std::lock_guard const held{adding_};
    if (auto const* const known = find(type)) return *known;
    all_.push_back(std::make_unique<entry>(entry{std::string{type}, publish_template(type), newest_.load(std::memory_order_relaxed)}));
    newest_.store(all_.back().get(), std::memory_order_release);
    return all_.back()->like;
  }

 private:
  struct entry {
    std::string type;
    span_template like;
    entry const* older;
  };

  [[nodiscard]] span_template const* find(std::string_view type) const noexcept {
    for (auto const* each = newest_.load(std::memory_order_acquire); each != nullptr; each = each->older) {
      if (each->type == type) return &each->like;
    }
    return nullptr;
  }

  std::mutex adding_;
  std::vector<std::unique_ptr<entry>> all_;    // guarded by adding_
  std::atomic<entry const*> newest_{nullptr};
};

}  // namespace skein::agents
