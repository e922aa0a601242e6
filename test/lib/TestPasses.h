//===- TestPasses.h - Passes that exist for tests only ----------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_TEST_LIB_TESTPASSES_H
#define WINDROW_TEST_LIB_TESTPASSES_H

namespace windrow::test {

/// Registers `test-nn-costs`.
void registerTestNnCostsPass();

} // namespace windrow::test

#endif // WINDROW_TEST_LIB_TESTPASSES_H
