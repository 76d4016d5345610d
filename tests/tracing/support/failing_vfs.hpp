// A SQLite VFS over the usual one whose disk fills up and empties when told.
#pragma once

namespace skein::testing {

/// Registers the VFS on first use; its name for sqlite_sink_options::vfs.
[[nodiscard]] char const* failing_vfs();
/// While true every write of that VFS answers SQLITE_FULL.
void set_disk_full(bool full);

}  // namespace skein::testing
