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
  /// Empties the batch; `keep(std::unique_ptr<span_block>)` gets each block, as it was.
  template <class Keep>
  static void take_blocks(span_batch& from, Keep&& keep) {
    for (auto& block : from.blocks_) keep(std::move(block));
    from.blocks_.clear();
    from.spans_ = from.running_ = 0;
  }
};

}  // namespace skein
