//===- image_file.h - Decodes image files ------------------------*- C++ -*-==//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_TOOLS_IMAGE_FILE_H
#define WINDROW_RUNTIME_TOOLS_IMAGE_FILE_H

#include "windrow/session.h"

#include <filesystem>

namespace windrow {

/// Decodes a JPEG or PNG file to `channels` (1 or 3) channels: grey is repeated
/// over three, and colours become grey where there is to be one. Messages name
/// the file.
Expected<Image> readImage(const std::filesystem::path &path, int64_t channels);

} // namespace windrow

#endif // WINDROW_RUNTIME_TOOLS_IMAGE_FILE_H
