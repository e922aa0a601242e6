//===- operator_table_test.cpp - Supported operators are documented -------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/importer/OperatorTable.h"
#include "test/support/test_data.h"

#include <fstream>
#include <gmock/gmock.h>

using namespace windrow::importer;

namespace {

TEST(OperatorTable, IsSortedAndFound) {
  llvm::StringRef last;
  for (const SupportedOperator &entry : supportedOperators()) {
    EXPECT_LT(last, entry.name);
    EXPECT_EQ(findOperator(entry.name), entry.handler);
    last = entry.name;
  }
  EXPECT_EQ(findOperator("NoSuchOperator"), nullptr);
}

TEST(OperatorTable, IsDocumented) {
  std::vector<std::string> documented, supported;
  std::ifstream stream(windrow::test::sourceDir() / "docs/onnx-operators.md");
  for (std::string line; std::getline(stream, line);)
    if (llvm::StringRef row = line;
        row.consume_front("| ") && row.front() >= 'A' && row.front() <= 'Z')
      documented.push_back(row.split(' ').first.str());
  for (const SupportedOperator &entry : supportedOperators())
    supported.push_back(entry.name.str());
  EXPECT_EQ(documented, supported);
}

} // namespace
