#include <skein/tracing/span_batch.hpp>

#include "entry_writer.hpp"
#include "nanoseconds.hpp"
#include "span_batch_access.hpp"

#include <stdexcept>

namespace skein {
namespace {

constexpr std::size_t block_bytes = 16 * 1024;
/// Most batches that travel hold few spans; malloc() gives out pieces of this size quickly.
constexpr std::size_t first_block_bytes = 1'000;

}  // namespace

span_batch::span_batch() = default;
span_batch::~span_batch() = default;
span_batch::span_batch(std::initializer_list<span_record> spans) {
  for (auto const& span : spans) push_back(span);
}
span_batch::span_batch(std::vector<span_record> const& spans) {
  for (auto const& span : spans) push_back(span);
}
span_batch::span_batch(span_batch const& other) {
  for (auto const span : other.views()) push_back(span);
}
span_batch::span_batch(span_batch&& other) noexcept
    : blocks_(std::move(other.blocks_)), spans_(std::exchange(other.spans_, 0)), running_(std::exchange(other.running_, 0)) {
  other.blocks_.clear();
}
span_batch& span_batch::operator=(span_batch const& other) { return *this = span_batch{other}; }
span_batch& span_batch::operator=(span_batch&& other) noexcept {
  blocks_.swap(other.blocks_);
  std::swap(spans_, other.spans_);
  std::swap(running_, other.running_);
  return *this;
}

/// The last block, which has room for `bytes` more.
span_block& span_batch::open_block(std::size_t bytes) {
  if (blocks_.empty() || !blocks_.back()->has_room(bytes)) {
    blocks_.push_back(std::make_unique<span_block>(std::max(blocks_.empty() ? first_block_bytes : block_bytes, bytes)));
  }
  return *blocks_.back();
}

void span_batch::push_back(span_view span) {
  bool const runs = span.status() == status_code::running;
  open_block(span.bytes().size()).push_back(span.bytes());
  ++spans_;
  if (runs) ++running_;
}

void span_batch::push_back(span_record const& span) {
  std::string bytes;
  flat::append(bytes, span);
  push_back(span_view{bytes.data()});
}

void span_batch::move_to(span_view which, timestamp start, timestamp latest) noexcept {
  // The view leads to memory of this batch, which is not constant.
  char* const at = const_cast<char*>(which.bytes().data());
  auto& top = *reinterpret_cast<flat::head*>(at);
  // Times may be anything that another process said: what is out of all bounds wraps around.
  auto const moved = static_cast<std::uint64_t>(ns(start)) - static_cast<std::uint64_t>(top.start_ns);
  auto const along = [&](std::int64_t time) {
    return std::min(static_cast<std::int64_t>(static_cast<std::uint64_t>(time) + moved), ns(latest));
  };
  top.start_ns = ns(start);
  if (top.end_ns != 0) top.end_ns = std::max(top.start_ns, along(top.end_ns));
  if (!which.has_events()) return;
  auto rest = flat::entries_of(at);
  for (flat::entry each; flat::next(rest, each);) {
    if (each.kind != flat::tag::event) continue;
    auto const time = along(flat::load<std::int64_t>(each.value.data()));
    std::memcpy(at + (each.value.data() - at), &time, sizeof time);
  }
}

void span_batch::clear() noexcept {
  if (blocks_.size() > 1) blocks_.resize(1);
  if (!blocks_.empty()) blocks_.front()->clear();
  spans_ = running_ = 0;
}

span_batch::iterator span_batch::begin() const noexcept { return iterator{views().begin()}; }

span_batch::view_range span_batch::views() const noexcept {
  auto const* const first = blocks_.data();
  return view_range{view_iterator{first, first + blocks_.size()}};
}

span_record const span_batch::operator[](std::size_t index) const {
  for (auto const span : views()) {
    if (index-- == 0) return span.record();
  }
  throw std::out_of_range{"a batch has no such span"};
}

span_batch::view_iterator::view_iterator(std::unique_ptr<span_block> const* block, std::unique_ptr<span_block> const* last) noexcept
    : block_(block), last_(last) {
  enter();
}

/// Goes to the first span of the next block that has one.
void span_batch::view_iterator::enter() noexcept {
  while (block_ != last_ && (*block_)->empty()) ++block_;
  at_ = block_ == last_ ? nullptr : (*block_)->begin();
  end_ = block_ == last_ ? nullptr : (*block_)->end();
}

span_batch::view_iterator& span_batch::view_iterator::operator++() noexcept {
  at_ += flat::aligned(span_view{at_}.bytes().size());
  if (at_ == end_) {
    ++block_;
    enter();
  }
  return *this;
}

span_record const& span_batch::iterator::operator*() const {
  if (!read_) {
    if (!record_) record_ = std::make_shared<span_record>();
    (*at_).read(*record_);
    read_ = true;
  }
  return *record_;
}

}  // namespace skein
