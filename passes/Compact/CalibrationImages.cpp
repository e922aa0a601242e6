//===- CalibrationImages.cpp - Images that show what a network sees -------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Compact/CalibrationImages.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <stb/stb_image.h>

using namespace mlir;

namespace windrow::nn {

static bool isImageName(StringRef path) {
  StringRef extension = llvm::sys::path::extension(path);
  return llvm::any_of(
      ArrayRef<StringRef>{".jpg", ".jpeg", ".png"},
      [&](StringRef known) { return extension.equals_insensitive(known); });
}

/// The image files below `folder`, in the order of their names.
static FailureOr<std::vector<std::string>> listImages(Location location,
                                                      StringRef folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (llvm::sys::fs::recursive_directory_iterator it(folder, error), end;
       it != end && !error; it.increment(error))
    if (isImageName(it->path()) && llvm::sys::fs::is_regular_file(it->path()))
      files.push_back(it->path());
  if (error)
    return emitError(location)
           << "calibration folder '" << folder << "': " << error.message();
  if (files.empty())
    return emitError(location) << "calibration folder '" << folder
                               << "' must hold JPEG or PNG images, found none";
  llvm::sort(files);
  return files;
}

FailureOr<ImageTensorRef> readCalibrationImages(Location location,
                                                StringRef folder, int64_t count,
                                                RankedTensorType type) {
  FailureOr<std::vector<std::string>> files = listImages(location, folder);
  if (failed(files))
    return failure();
  auto available = static_cast<int64_t>(files->size());
  count = std::min(count, available);
  int64_t rows = type.getDimSize(1), columns = type.getDimSize(2),
          channels = type.getDimSize(3);
  auto images = std::make_shared<ImageTensor>(
      ArrayRef<int64_t>{count, rows, columns, channels});
  for (int64_t i = 0; i < count; ++i) {
    const std::string &file = (*files)[i * available / count];
    int width = 0, height = 0, channelsInFile = 0;
    std::unique_ptr<stbi_uc, decltype(&stbi_image_free)> pixels(
        stbi_load(file.c_str(), &width, &height, &channelsInFile,
                  static_cast<int>(channels)),
        stbi_image_free);
    if (!pixels)
      return emitError(location)
             << "'" << file << "' must be a JPEG or PNG image ("
             << stbi_failure_reason() << ")";
    if (height != rows || width != columns)
      return emitError(location)
             << "'" << file << "' must have " << rows << " rows of " << columns
             << " pixels, got " << height << " of " << width;
    int64_t size = rows * columns * channels;
    std::copy_n(pixels.get(), size, images->data() + i * size);
  }
  return ImageTensorRef(images);
}

} // namespace windrow::nn
