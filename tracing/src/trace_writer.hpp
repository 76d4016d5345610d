// Writes batches of spans and runs as rows of a traces file (trace_schema.hpp). Transactions are the caller's.
#pragma once

#include "live_runs.hpp"
#include "shape_numbers.hpp"

#include <skein/tracing/span_sink.hpp>
#include <skein/tracing/sqlite.hpp>

#include <cstdint>
#include <string>
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
  [[nodiscard]] result<void> write_missing(std::vector<span_record> const& spans);
  /// Everything that is running becomes interrupted.
  [[nodiscard]] result<void> interrupt_running();
  /// Rows of these runs were deleted.
  void forget_runs(std::vector<std::int64_t> const& numbers) { runs_.forget(numbers); }

 private:
  enum class when_there { replace, keep };
  struct item {
    span_record const* span;
    live_run* run;
  };

  [[nodiscard]] result<void> gather(std::vector<span_record> const& spans, std::vector<run_record> const& runs);
  [[nodiscard]] result<live_run*> touch(run_key const& key, timestamp base);
  [[nodiscard]] result<void> find_run(run_key const& key, live_run& run, timestamp base);
  [[nodiscard]] result<void> write_spans(when_there then);
  [[nodiscard]] result<void> write_span(item const& each, when_there then);
  void bind_span(sqlite::statement& to, item const& each, shape_numbers::shape const& shape);
  [[nodiscard]] result<void> added(item const& each, sibling_group& group);
  [[nodiscard]] result<void> finish_runs();
  [[nodiscard]] result<void> store_run(run_key const& key, live_run& run);
  [[nodiscard]] result<void> relabel(std::int64_t run_no);

  sqlite::database* file_ = nullptr;
  shape_numbers shapes_;
  live_runs runs_;
  std::int64_t newest_run_ = 0;
  sqlite::statement find_run_, insert_run_, update_run_, count_spans_, insert_span_, update_span_, label_first_, relabel_;

  // Buffers of one call, kept for their memory.
  std::vector<item> items_;
  std::vector<std::pair<run_key, live_run*>> touched_;
  std::string span_text_, attributes_, events_, links_, run_text_, trace_text_, tags_;
};

}  // namespace skein
