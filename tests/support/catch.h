// SPDX-License-Identifier: Apache-2.0
#pragma once

// Catch2 version 2 (Debian 12) is one header, version 3 (Debian 13) is many.
#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif
