#===- dataset.py - Images for training, validation and test ----------------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Grey images in memory, their split and their augmentation."""

import os

import numpy as np
import torch
from PIL import Image

import textures


def load_folder(folder):
    """Read FOLDER/CLASS/*: u8 images [n, 200, 200] and class numbers [n]."""
    images, labels = [], []
    for label, class_name in enumerate(textures.CLASSES):
        class_folder = os.path.join(folder, class_name)
        if not os.path.isdir(class_folder):
            raise FileNotFoundError(f"{class_folder}: no such folder")
        for name in sorted(os.listdir(class_folder)):
            path = os.path.join(class_folder, name)
            image = np.asarray(Image.open(path).convert("L"))
            if image.shape != (textures.SIZE, textures.SIZE):
                raise ValueError(
                    f"{path}: image must be {textures.SIZE}x{textures.SIZE}, "
                    f"got {image.shape[1]}x{image.shape[0]}")
            images.append(image)
            labels.append(label)
    return np.stack(images), np.array(labels)


def generate(seed, per_class):
    """Generated textures: u8 images [n, 200, 200] and class numbers [n]."""
    images = [textures.texture(name, seed, index)
              for name in textures.CLASSES for index in range(per_class)]
    return np.stack(images), np.repeat(np.arange(len(textures.CLASSES)), per_class)


def validation_mask(labels, fraction, rng):
    """True for `fraction` of each class, chosen at random."""
    chosen = np.zeros(len(labels), bool)
    for label in range(len(textures.CLASSES)):
        members = rng.permutation(np.flatnonzero(labels == label))
        chosen[members[:int(round(fraction * len(members)))]] = True
    return chosen


def split(images, labels, fraction, rng):
    """Cut `fraction` of each class off for validation; returns both parts."""
    chosen = validation_mask(labels, fraction, rng)
    return (images[~chosen], labels[~chosen]), (images[chosen], labels[chosen])


def mirrored(images, view):
    """Images [..., h, w] mirrored left to right (view 1), upside down (2), both (3)."""
    if view & 1:
        images = images[..., ::-1]
    return images[..., ::-1, :] if view & 2 else images


def change_light(image, rng):
    """Change brightness and contrast; the result may leave 0 to 255."""
    contrast, brightness = rng.uniform(0.8, 1.25), rng.uniform(-20, 20)
    return (image - 128.0) * contrast + 128.0 + brightness


def augment(images, rng):
    """Mirror, shift by up to 12 pixels, and change brightness and contrast."""
    result = np.empty(images.shape, np.float32)
    for index, image in enumerate(images):
        view = int(rng.random() < 0.5) + 2 * int(rng.random() < 0.5)
        padded = np.pad(mirrored(image, view), 12, "reflect")
        top, left = rng.integers(0, 25, 2)
        image = padded[top:top + image.shape[0], left:left + image.shape[1]]
        result[index] = change_light(image, rng)
    return np.clip(result, 0, 255)


def to_input(images):
    """Normalise grey images [n, h, w] to the network's input [n, 3, h, w]."""
    scaled = (torch.as_tensor(np.asarray(images, np.float32)) / 255 - 0.5) / 0.5
    return scaled[:, None].expand(-1, 3, -1, -1)
