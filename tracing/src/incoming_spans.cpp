#include "incoming_spans.hpp"

#include <skein/tracing/json_value.hpp>

#include <skein/registry/hex_text.hpp>

#include "attribute_json.hpp"
#include "nanoseconds.hpp"
#include "prefetch.hpp"
#include "span_bytes.hpp"

#include <sqlite3.h>

#include <array>
#include <new>
#include <string>
#include <utility>

namespace skein {
namespace {

// In the order of the declaration below.
enum column { run_no, id, parent_id, shape_no, ordinal, status, start, duration, attributes_json, status_message, events, links, inputs, outputs, no };
constexpr char const* declaration =
    "CREATE TABLE incoming_spans(run_no, span_id, parent_id, shape_no, ordinal, status, start, duration, attributes, status_message,"
    " events, links, inputs, outputs, no)";

void append_events(std::string& out, span_view span) {
  out = "[";
  span.for_each_event([&](event_view const& event) {
    if (out.size() > 1) out += ',';
    out += '[';
    json::append(out, std::int64_t{ns(event.time)});
    out += ',';
    json::append(out, event.name);
    out += ',';
    event.attributes.append_json(out);
    out += ']';
  });
  out += ']';
}

void append_links(std::string& out, span_view span) {
  out = "[";
  span.for_each_link([&](link_view const& link) {
    if (out.size() > 1) out += ',';
    out += "[\"" + link.target.trace.to_string() + "\",\"" + link.target.span.to_string() + "\",";
    json::append(out, std::int64_t{link.target.flags});
    out += ',';
    link.attributes.append_json(out);
    out += ']';
  });
  out += ']';
}

bool has_ended(flat::head const& span) noexcept {
  return span.status != status_code::running && (span.status != status_code::interrupted || span.end_ns != 0);
}

// Texts stay where they are: the statement has copied them into its record before the cursor moves on.
void answer(sqlite3_context* to, std::string_view text) {
  sqlite3_result_text64(to, text.data() != nullptr ? text.data() : "", text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

void answer_or_null(sqlite3_context* to, std::string_view text) {
  if (!text.empty()) answer(to, text);
}

// SQLite's base comes first: its pointer is converted to the whole.
struct table : sqlite3_vtab {
  explicit table(incoming_spans const& from) : sqlite3_vtab{}, source(&from) {}
  incoming_spans const* source;
};

class cursor : public sqlite3_vtab_cursor {
 public:
  explicit cursor(incoming_spans const& source) : sqlite3_vtab_cursor{}, source_(&source) {}

  void rewind() noexcept {
    rows_ = source_->rows();
    at_ = 0;
  }
  void advance() noexcept {
    ++at_;
    if (at_ + 4 < rows_.size()) __builtin_prefetch(rows_[at_ + 4]);
    if (at_ + 2 < rows_.size()) prefetch(rows_[at_ + 2]->bytes);
  }
  [[nodiscard]] bool at_end() const noexcept { return at_ >= rows_.size(); }
  [[nodiscard]] sqlite3_int64 place() const noexcept { return static_cast<sqlite3_int64>(at_); }
  void read(sqlite3_context* to, int index);

 private:
  [[nodiscard]] std::string_view hex(span_id const& id) noexcept {
    write_hex(id_text_.data(), {reinterpret_cast<char const*>(id.bytes().data()), span_id::size_bytes});
    return {id_text_.data(), id_text_.size()};
  }

  incoming_spans const* source_;
  std::span<incoming_span* const> rows_;
  std::size_t at_ = 0;
  std::array<char, 2 * span_id::size_bytes> id_text_{};
  std::string attributes_, events_, links_;
};

// NULL is what a column holds that gives no answer.
void cursor::read(sqlite3_context* to, int index) {
  auto const& row = *rows_[at_];
  auto const span = row.span;
  switch (static_cast<column>(index)) {
    case run_no: return sqlite3_result_int64(to, row.run->no);
    case id: return answer(to, hex(row.id));
    case parent_id:
      if (!row.parent.empty()) sqlite3_result_blob(to, row.parent.bytes().data(), span_id::size_bytes, SQLITE_STATIC);
      return;
    case shape_no: return sqlite3_result_int64(to, row.shape_no);
    case ordinal:
      if (row.ordinal != 0) sqlite3_result_int64(to, row.ordinal);
      return;
    case status: return sqlite3_result_int64(to, static_cast<sqlite3_int64>(row.status));
    case start: return sqlite3_result_int64(to, ns(row.start) - row.run->base);
    case duration:
      if (auto const& top = flat::head_of(row.bytes.data()); has_ended(top)) sqlite3_result_int64(to, top.end_ns - top.start_ns);
      return;
    case attributes_json:
      attributes_.clear();
      if (row.said.bytes == 0) {
        span.attributes().append_json(attributes_);
      } else {
        append_json_rest(attributes_, flat::entries_of(row.bytes.data()).substr(row.said.bytes), row.said.next_key);
      }
      return answer(to, attributes_);
    case status_message: return answer_or_null(to, span.status_message());
    case events:
      if (!span.has_events()) return;
      append_events(events_, span);
      return answer(to, events_);
    case links:
      if (!span.has_links()) return;
      append_links(links_, span);
      return answer(to, links_);
    case inputs: return answer_or_null(to, span.inputs());
    case outputs: return answer_or_null(to, span.outputs());
    case no: return sqlite3_result_int64(to, row.row);
  }
}

int connect(sqlite3* handle, void* source, int, char const* const*, sqlite3_vtab** made, char**) {
  if (int const code = sqlite3_declare_vtab(handle, declaration); code != SQLITE_OK) return code;
  *made = new (std::nothrow) table{**static_cast<std::shared_ptr<incoming_spans>*>(source)};
  return *made != nullptr ? SQLITE_OK : SQLITE_NOMEM;
}

int disconnect(sqlite3_vtab* from) {
  delete static_cast<table*>(from);
  return SQLITE_OK;
}

// Always read from end to end, and before any other table of the statement.
int best_index(sqlite3_vtab*, sqlite3_index_info* plan) {
  plan->estimatedCost = 1;
  plan->estimatedRows = 1;
  return SQLITE_OK;
}

int open_cursor(sqlite3_vtab* from, sqlite3_vtab_cursor** made) {
  *made = new (std::nothrow) cursor{*static_cast<table*>(from)->source};
  return *made != nullptr ? SQLITE_OK : SQLITE_NOMEM;
}

int close_cursor(sqlite3_vtab_cursor* at) {
  delete static_cast<cursor*>(at);
  return SQLITE_OK;
}

int filter(sqlite3_vtab_cursor* at, int, char const*, int, sqlite3_value**) { return static_cast<cursor*>(at)->rewind(), SQLITE_OK; }
int next(sqlite3_vtab_cursor* at) { return static_cast<cursor*>(at)->advance(), SQLITE_OK; }
int at_end(sqlite3_vtab_cursor* at) { return static_cast<cursor*>(at)->at_end() ? 1 : 0; }
int row_id(sqlite3_vtab_cursor* at, sqlite3_int64* place) { return *place = static_cast<cursor*>(at)->place(), SQLITE_OK; }

int read_column(sqlite3_vtab_cursor* at, sqlite3_context* to, int index) try {
  static_cast<cursor*>(at)->read(to, index);
  return SQLITE_OK;
} catch (std::bad_alloc const&) {
  return SQLITE_NOMEM;
}

constexpr sqlite3_module module = [] {
  sqlite3_module made{};   // Without xCreate: the table is there by its name alone.
  made.xConnect = connect;
  made.xDisconnect = disconnect;
  made.xBestIndex = best_index;
  made.xOpen = open_cursor;
  made.xClose = close_cursor;
  made.xFilter = filter;
  made.xNext = next;
  made.xEof = at_end;
  made.xColumn = read_column;
  made.xRowid = row_id;
  return made;
}();

void forget(void* source) { delete static_cast<std::shared_ptr<incoming_spans>*>(source); }

}  // namespace

result<std::shared_ptr<incoming_spans>> incoming_spans::make(sqlite::database& file) {
  auto made = std::make_shared<incoming_spans>();
  auto held = std::make_unique<std::shared_ptr<incoming_spans>>(made);
  // On failure SQLite calls forget() as well.
  int const code = sqlite3_create_module_v2(file.handle(), "incoming_spans", &module, held.release(), forget);
  if (code != SQLITE_OK) return error{errc::io_failed, std::string{"SQLite refuses the table of incoming spans: "} + sqlite3_errstr(code), file.path()};
  return made;
}

}  // namespace skein
