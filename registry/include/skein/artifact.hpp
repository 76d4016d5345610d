// What a header that declares artifacts includes; it only forwards.
#pragma once

#include <skein/registry/artifact_traits.hpp>
#include <skein/registry/error.hpp>
#include <skein/registry/fields.hpp>
#include <skein/registry/time_codec.hpp>
