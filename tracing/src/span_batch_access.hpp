// How the recorder fills a batch with whole blocks and gets them back.
#pragma once

#include <skein/tracing/span_batch.hpp>

#include "span_block.hpp"

#include <memory>
#include <utility>

namespace skein {

class span_batch_access {
 public:
  /// Adds the block as it is to the end.
  static void add(span_batch& to, std::unique_ptr<span_block> block) {
    to.spans_ += block->spans();
    to.running_ += block->running();
    to.blocks_.push_back(std::move(block));
  }
  /// Adds a copy of a span with one more entry, of a kind that it does not have.
  static void add(span_batch& to, span_view span, std::string_view entry, flat::tag kind) {
    auto const whole = span.bytes();
    to.open_block(whole.size() + entry.size()).push_back(whole, entry, kind);
    ++to.spans_;
    if (span.status() == status_code::running) ++to.running_;
  }
  /// Empties the batch, and lets `fill(span_block&)` fill one block of it, which has room for so many bytes. Returns its result; after an error the batch is empty.
  template <class Fill>
  static auto fill(span_batch& to, std::size_t room, Fill&& fill) {
    to.clear();
    if (!to.blocks_.empty() && !to.blocks_.front()->has_room(room)) to.blocks_.clear();
    auto& block = to.open_block(room);
    auto how = fill(block);
    if (!how) block.clear();
    to.spans_ = block.spans();
    to.running_ = block.running();
    return how;
  }
  /// Empties the batch; `keep(std::unique_ptr<span_block>)` gets each block, as it was.
  template <class Keep>
  static void take_blocks(span_batch& from, Keep&& keep) {
    for (auto& block : from.blocks_) keep(std::move(block));
    from.blocks_.clear();
    from.spans_ = from.running_ = 0;
  }
};

}  // namespace skein
