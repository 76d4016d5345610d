// Traces without configuration: two programs in one folder both get a file, without being told about each other.
#pragma once

#include <skein/registry/error.hpp>
#include <skein/tracing/sqlite_sink.hpp>

#include <memory>
#include <string>

namespace skein {

/// Where a program's traces go.
struct opened_traces {
  std::shared_ptr<sqlite_sink> sink;   ///< Open, with the lock of its file.
  std::string path;                    ///< `options.path`, or the file beside it that was free.
};

/// Opens `options.path`, or, when another hub owns it, `traces-<pid>.db` beside it (then `traces-<pid>-2.db`, …; stem and extension are
/// those of the path), and says so in one warning. For the default path only: a path that the user chose is opened with open_sqlite_sink,
/// and locked is an error. Errors as open_sqlite_sink's, locked when 1000 names are taken.
[[nodiscard]] result<opened_traces> open_default_traces(sqlite_sink_options options);

}  // namespace skein
