//===- image_file.cpp - Decodes image files -------------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/image_file.h"

#include <fmt/format.h>
#include <memory>
#include <stb/stb_image.h>

using namespace windrow;

Expected<Image> windrow::readImage(const std::filesystem::path &path,
                                   int64_t channels) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error))
    return failure(
        Status(StatusCode::NotFound,
               fmt::format("{}: file cannot be read", path.string())));
  int width = 0, height = 0, channelsInFile = 0;
  std::unique_ptr<stbi_uc, decltype(&stbi_image_free)> pixels(
      stbi_load(path.c_str(), &width, &height, &channelsInFile,
                static_cast<int>(channels)),
      stbi_image_free);
  if (!pixels)
    return failure(Status(StatusCode::CorruptData,
                          fmt::format("{}: file must be a JPEG or PNG image "
                                      "({})",
                                      path.string(), stbi_failure_reason())));
  Image image;
  image.height = height;
  image.width = width;
  image.channels = channels;
  image.pixels.assign(pixels.get(),
                      pixels.get() + image.height * image.width * channels);
  return image;
}
