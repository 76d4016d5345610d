#include <skein/tracing/sqlite_sink.hpp>

#include "trace_retention.hpp"
#include "trace_schema.hpp"
#include "trace_writer.hpp"

#include <skein/tracing/owner_lock.hpp>
#include <skein/tracing/sqlite.hpp>

#include <sqlite3.h>
#include <sys/stat.h>

#include <mutex>
#include <optional>
#include <utility>

namespace skein {
namespace {

// Which file a path names; what SQLite has open stays alive, nameless, when a user deletes it.
struct file_identity {
  dev_t device = 0;
  ino_t inode = 0;
  friend bool operator==(file_identity const&, file_identity const&) = default;
};

std::optional<file_identity> identity_of(std::string const& path) noexcept {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  return file_identity{info.st_dev, info.st_ino};
}

// A checkpoint waits for the disk. Past the lesser bound one is made when nobody waits for the sink and the last batch shows a program with
// time to spare; at the greater one a write makes it, which bounds the -wal file.
constexpr std::size_t busy_spans = 2'048;
constexpr std::int64_t wal_bytes_idle = 8 << 20, wal_bytes_max = 48 << 20;

int note_pages(void* in_wal, sqlite3*, char const*, int pages) {
  *static_cast<std::int64_t*>(in_wal) = pages;
  return SQLITE_OK;
}

class file_sink final : public sqlite_sink {
 public:
  explicit file_sink(sqlite_sink_options options) : options_(std::move(options)) {}

  result<void> open() {
    std::scoped_lock const guard{mutex_};
    if (auto done = reopen(); !done) return done;
    return transaction([this] { return writer_->interrupt_running(); });
  }

  result<void> write(trace_batch const& batch) override {
    std::scoped_lock const guard{mutex_};
    if (auto done = ensure_open(); !done) return done;
    if (auto done = transaction([&] { return writer_->write(batch); }); !done) return done;
    busy_ = batch.spans.size() >= busy_spans;
    keep_within_bound();
    checkpoint(wal_bytes_max);
    return {};
  }

  void rest() noexcept override {
    std::scoped_lock const guard{mutex_};
    if (!busy_) checkpoint(wal_bytes_idle);
  }

  result<void> insert_missing(std::vector<span_record> const& spans) override {
    auto missing = spans;
    for (auto& span : missing) {
      if (span.status == status_code::running || span.status == status_code::unset) span.status = status_code::interrupted;
    }
    std::scoped_lock const guard{mutex_};
    if (auto done = ensure_open(); !done) return done;
    span_batch const batch{missing};
    return transaction([&] { return writer_->write_missing(batch); });
  }

  std::string describe() const override { return "sqlite " + options_.path; }
  std::string const& path() const noexcept override { return options_.path; }

  sqlite_sink_counters counters() const override {
    std::scoped_lock const guard{mutex_};
    return counters_;
  }

 private:
  result<void> ensure_open() {
    if (writer_ && identity_of(options_.path) == identity_) return {};
    return reopen();
  }

  result<void> reopen() {
    close();
    if (auto locked = hold_lock(); !locked) return locked;
    auto file = sqlite::database::open(options_.path, sqlite::open_mode::read_write_create, options_.vfs);
    if (!file) return file.error();
    file_ = std::move(file).value();
    if (auto ready = trace_schema::prepare_for_writing(file_); !ready) return close(), ready;
    auto const page_bytes = file_.integer("PRAGMA page_size");
    if (!page_bytes) return close(), page_bytes.error();
    page_bytes_ = *page_bytes;
    wal_pages_ = 0;
    sqlite3_wal_hook(file_.handle(), &note_pages, &wal_pages_);
    auto writer = trace_writer::make(file_, options_.service);
    if (!writer) return close(), writer.error();
    if (auto ready = file_.prepare_all({{begin_, "BEGIN IMMEDIATE"}, {commit_, "COMMIT"}}); !ready) return close(), ready;
    auto retention = trace_retention::make(file_, options_.file_bytes_max);
    if (!retention) return close(), retention.error();
    writer_.emplace(std::move(writer).value());
    retention_ = std::move(retention).value();
    identity_ = identity_of(options_.path);
    return {};
  }

  // A deleted folder takes the lock file with it: another process may own the one that stands there.
  result<void> hold_lock() {
    auto const lock_file = options_.path + ".lock";
    if (lock_.held() && identity_of(lock_file) == lock_identity_) return {};
    lock_ = {};
    auto lock = owner_lock::acquire(options_.path);
    if (!lock) return lock.error();
    lock_ = std::move(lock).value();
    lock_identity_ = identity_of(lock_file);
    return {};
  }

  // Best effort: what fails here is tried again after the next write.
  void checkpoint(std::int64_t at_bytes) noexcept {
    if (wal_pages_ * page_bytes_ < at_bytes || !writer_) return;
    wal_pages_ = 0;
    sqlite3_wal_checkpoint_v2(file_.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  }

  // Runs `body` in a transaction. After a failure the connection is dropped with all that it remembers, so that the next call starts
  // from the file.
  template <class Body>
  result<void> transaction(Body const& body) {
    auto done = begin_.run();
    if (done) done = body();
    if (done) done = commit_.run();
    if (!done) close();
    return done;
  }

  void close() noexcept {
    retention_ = {};
    writer_.reset();
    begin_ = {};
    commit_ = {};
    file_ = {};
  }

  // The batch is stored; a failure here is the next write's to meet.
  void keep_within_bound() {
    if (options_.file_bytes_max == 0) return;
    auto const gone = retention_.delete_oldest_runs();
    if (!gone) return close();
    counters_.runs_deleted += gone->numbers.size();
    counters_.spans_deleted += gone->spans;
    if (!gone->numbers.empty()) writer_->forget_runs(gone->numbers);
  }

  sqlite_sink_options options_;
  mutable std::mutex mutex_;
  owner_lock lock_;
  sqlite::database file_;
  sqlite::statement begin_, commit_;
  std::optional<trace_writer> writer_;
  trace_retention retention_;
  std::int64_t page_bytes_ = 0, wal_pages_ = 0;   // The latter: those that a checkpoint would find.
  bool busy_ = false;                             // The last batch was large.
  std::optional<file_identity> identity_, lock_identity_;
  sqlite_sink_counters counters_;
};

}  // namespace

result<std::shared_ptr<sqlite_sink>> open_sqlite_sink(sqlite_sink_options options) {
  auto sink = std::make_shared<file_sink>(std::move(options));
  if (auto opened = sink->open(); !opened) return opened.error();
  return std::shared_ptr<sqlite_sink>{std::move(sink)};
}

}  // namespace skein
