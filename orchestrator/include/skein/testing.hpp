// For tests of agents: a clock that is driven by hand, and traces in memory.
#pragma once

#include <skein/skein.hpp>
#include <skein/tracing/manual_clock.hpp>
#include <skein/tracing/memory_sink.hpp>
