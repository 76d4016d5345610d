// Writes batches of spans and runs as rows of a traces file (trace_schema.hpp). Transactions are the caller's.
#pragma once

#include "incoming_spans.hpp"
#include "live_runs.hpp"
#include "shape_numbers.hpp"
#include "sibling_labels.hpp"

#include <skein/tracing/span_sink.hpp>
#include <skein/tracing/sqlite.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace skein {

/// One thread at a time. After an error the transaction must be rolled back and the writer thrown away: its memory of rows is then wrong.
class trace_writer {
 public:
  /// `file` must outlive the writer and have the schema.
  [[nodiscard]] static result<trace_writer> make(sqlite::database& file, std::string service);

  /// Runs are replaced by their newest record; of a span, an ended record replaces a running or interrupted one and a repeated one.
  [[nodiscard]] result<void> write(trace_batch const& batch);
  /// Stores the spans that are not there.
  [[nodiscard]] result<void> write_missing(span_batch const& spans);
  /// Everything that is running becomes interrupted.
  [[nodiscard]] result<void> interrupt_running();
  /// Rows of these runs were deleted.
  void forget_runs(std::vector<std::int64_t> const& numbers) { runs_.forget(numbers); }

 private:
  enum class when_there { replace, keep };
  struct sort_key {
    std::uint64_t first;
    incoming_span* span;
  };

  [[nodiscard]] result<void> gather(span_batch const& spans, std::vector<run_record> const& runs);
  [[nodiscard]] result<live_run*> touch(run_key const& key, timestamp base);
  [[nodiscard]] result<void> find_run(run_key const& key, live_run& run, timestamp base);

  [[nodiscard]] result<void> write_spans();
  void choose_spans();
  void sort_by_id();
  [[nodiscard]] result<std::int64_t> insert(sqlite::statement& statement, std::vector<incoming_span*> const& spans);
  [[nodiscard]] result<void> mark(sqlite::statement& statement, std::span<incoming_span* const> spans);
  [[nodiscard]] result<void> write_one_by_one(when_there then);
  [[nodiscard]] result<bool> insert_one(incoming_span& span);
  [[nodiscard]] result<void> replace(std::span<incoming_span* const> spans);

  void added(incoming_span const& span);

  [[nodiscard]] result<void> finish_runs();
  [[nodiscard]] result<void> store_run(run_key const& key, live_run& run);

  sqlite::database* file_ = nullptr;
  shape_numbers shapes_;
  live_runs runs_;
  sibling_labels labels_;
  std::int64_t newest_run_ = 0;
  std::shared_ptr<incoming_spans> incoming_;
  sqlite::statement find_run_, insert_run_, update_run_, count_spans_, insert_plain_, insert_full_, replace_, mark_inserted_, mark_known_, remove_newest_;

  // Buffers of one call, kept for their memory.
  std::vector<incoming_span> spans_;                  // In the order in which they came.
  std::vector<sort_key> keys_;
  std::vector<incoming_span*> plain_, full_, known_;  // To insert, by run and id: without and with extras; and those whose row is there.
  std::vector<incoming_span*> marked_;                // Those with events or links.
  std::vector<std::pair<run_key, live_run*>> touched_;
  std::string attributes_, run_text_, trace_text_, tags_;
};

}  // namespace skein
