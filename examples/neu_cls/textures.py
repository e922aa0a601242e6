#!/usr/bin/python3
#===- textures.py - Generate surface-defect-like textures ------------------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Generate grey 200x200 textures that look like six defects of rolled steel.

Each image is a function of (class, seed, index) alone: a background of filtered
noise with uneven light, and defects drawn into it. They stand in for
photographs where photographs may not be shipped.
"""

import argparse
import math
import os
import sys

import numpy as np
from PIL import Image

SIZE = 200
CLASSES = (
    "crazing",
    "inclusion",
    "patches",
    "pitted_surface",
    "rolled-in_scale",
    "scratches",
)


def filtered_noise(rng, sigma_y, sigma_x):
    """Gaussian noise blurred by (sigma_y, sigma_x) pixels, mean 0, deviation 1.

    The blur is periodic: it is a product in the frequency domain.
    """
    spectrum = np.fft.rfft2(rng.standard_normal((SIZE, SIZE)))
    fy = np.fft.fftfreq(SIZE)[:, None]
    fx = np.fft.rfftfreq(SIZE)[None, :]
    gain = np.exp(-2 * math.pi**2 * ((fy * sigma_y) ** 2 + (fx * sigma_x) ** 2))
    noise = np.fft.irfft2(spectrum * gain, s=(SIZE, SIZE))
    return (noise - noise.mean()) / (noise.std() + 1e-12)


def background(rng, mean, light, grain, grain_sigma=(0.5, 0.5)):
    """A plain surface: `mean` grey, light that varies slowly by `light`, grain."""
    slow = filtered_noise(rng, rng.uniform(40, 80), rng.uniform(40, 80))
    return mean + light * slow + grain * filtered_noise(rng, *grain_sigma)


def stamp(mask, cy, cx, half_length, half_width, angle, strength=1.0, sharp=2.0):
    """Raise `mask` to a soft ellipse around (cy, cx), `angle` from the vertical."""
    reach = int(math.ceil(max(half_length, half_width) * 1.8)) + 1
    top, bottom = max(0, int(cy) - reach), min(SIZE, int(cy) + reach + 1)
    left, right = max(0, int(cx) - reach), min(SIZE, int(cx) + reach + 1)
    if top >= bottom or left >= right:
        return
    y = np.arange(top, bottom)[:, None] - cy
    x = np.arange(left, right)[None, :] - cx
    along = (y * math.cos(angle) + x * math.sin(angle)) / half_length
    across = (x * math.cos(angle) - y * math.sin(angle)) / half_width
    shape = strength * np.exp(-((along**2 + across**2) ** sharp))
    window = mask[top:bottom, left:right]
    np.maximum(window, shape, out=window)


def crack(rng, mask, y, x, heading, steps, width, strength):
    """Draw a crack as a random walk; it may branch once in a while."""
    for _ in range(steps):
        heading += rng.normal(0, 0.35)
        y += 1.4 * math.sin(heading)
        x += 1.4 * math.cos(heading)
        stamp(mask, y, x, width * rng.uniform(0.7, 1.3), width, 0.0, strength)
        if steps > 14 and rng.random() < 0.03:
            side = heading + rng.choice((-1, 1)) * rng.uniform(0.6, 1.2)
            crack(rng, mask, y, x, side, steps // 3, width * 0.8, strength)


def crazing(rng):
    grain = rng.uniform(0.5, 0.9)
    image = background(
        rng, rng.uniform(105, 165), rng.uniform(6, 16), rng.uniform(22, 40),
        (grain, grain))
    mask = np.zeros((SIZE, SIZE))
    for _ in range(rng.integers(14, 34)):
        heading = rng.choice((0.0, math.pi)) + rng.normal(0, 0.4)
        crack(rng, mask, rng.uniform(0, SIZE), rng.uniform(0, SIZE), heading,
              int(rng.integers(10, 45)), rng.uniform(0.7, 1.3),
              rng.uniform(0.5, 1.0))
    return image - rng.uniform(60, 100) * mask


def inclusion(rng):
    image = background(
        rng, rng.uniform(85, 150), rng.uniform(4, 14), rng.uniform(2, 6),
        (rng.uniform(0.6, 3.0), 0.6))
    mask = np.zeros((SIZE, SIZE))
    for _ in range(rng.integers(1, 4)):
        column, lean = rng.uniform(20, SIZE - 20), rng.normal(0, 0.06)
        centre = rng.uniform(40, SIZE - 40)
        for _ in range(rng.integers(2, 9)):
            y = centre + rng.normal(0, 40)
            x = column + lean * (y - centre) + rng.normal(0, 5)
            stamp(mask, y, x, rng.uniform(6, 32), rng.uniform(1.2, 5.5),
                  lean + rng.normal(0, 0.05), rng.uniform(0.5, 1.0), 1.5)
    ragged = 1 + 0.25 * filtered_noise(rng, 2.5, 1.0)
    return image - rng.uniform(30, 60) * mask * ragged


def patches(rng):
    image = background(
        rng, rng.uniform(165, 240), rng.uniform(8, 20), rng.uniform(16, 34),
        (rng.uniform(0.5, 0.9), rng.uniform(0.5, 0.9)))
    field = filtered_noise(rng, rng.uniform(22, 36), rng.uniform(14, 24))
    field = field + 0.18 * filtered_noise(rng, 3.0, 3.0)
    level = np.quantile(field, rng.uniform(0.62, 0.85))
    mask = 1 / (1 + np.exp(-(field - level) * rng.uniform(8, 16)))
    dark = rng.uniform(40, 85) + rng.uniform(6, 14) * filtered_noise(rng, 0.8, 0.8)
    image = image * (1 - mask) + dark * mask
    if rng.random() < 0.5:
        spots = np.zeros((SIZE, SIZE))
        cy, cx = rng.uniform(30, SIZE - 30, 2)
        for _ in range(rng.integers(5, 25)):
            stamp(spots, cy + rng.normal(0, 30), cx + rng.normal(0, 20),
                  rng.uniform(1, 3.5), rng.uniform(1, 3), 0.0)
        image = image - 150 * spots
    return image


def pitted_surface(rng):
    image = background(
        rng, rng.uniform(120, 200), rng.uniform(10, 32), rng.uniform(3, 9),
        (rng.uniform(0.7, 1.2), rng.uniform(0.7, 1.2)))
    mask = np.zeros((SIZE, SIZE))
    size = rng.uniform(1.1, 2.2)
    density = filtered_noise(rng, 45, 45)
    for _ in range(rng.integers(250, 800)):
        y, x = rng.uniform(0, SIZE, 2)
        if density[int(y), int(x)] < rng.normal(-0.8, 0.6):
            continue
        stamp(mask, y, x, size * rng.uniform(0.7, 1.5),
              size * rng.uniform(0.6, 1.1), rng.normal(0, 0.3),
              rng.uniform(0.4, 1.0))
    for _ in range(rng.integers(0, 10) if rng.random() < 0.4 else 0):
        stamp(mask, rng.uniform(0, SIZE), rng.uniform(0, SIZE),
              rng.uniform(3, 6), rng.uniform(3, 6), 0.0, rng.uniform(0.6, 1.0))
    return image - rng.uniform(18, 45) * mask


def rolled_in_scale(rng):
    image = background(
        rng, rng.uniform(75, 145), rng.uniform(5, 14), rng.uniform(6, 11),
        (rng.uniform(0.5, 0.8), rng.uniform(1.2, 2.4)))
    image = image + rng.uniform(3, 9) * filtered_noise(rng, 3, 7)
    mask = np.zeros((SIZE, SIZE))
    for _ in range(rng.integers(1, 4)):
        cy, cx = rng.uniform(10, SIZE - 10, 2)
        spread_y, spread_x = rng.uniform(20, 70), rng.uniform(12, 40)
        for _ in range(rng.integers(12, 40)):
            y, x = cy + rng.normal(0, spread_y), cx + rng.normal(0, spread_x)
            for _ in range(rng.integers(1, 4)):
                stamp(mask, y + rng.normal(0, 1.5), x + rng.normal(0, 3),
                      rng.uniform(2.5, 7.0), rng.uniform(1.2, 2.8),
                      math.pi / 2 + rng.normal(0, 0.3), rng.uniform(0.5, 1.0))
    return image - rng.uniform(40, 70) * mask


def scratches(rng):
    image = background(
        rng, rng.uniform(45, 105), rng.uniform(3, 10), rng.uniform(2, 6),
        (rng.uniform(0.6, 2.5), 0.6))
    upright = rng.random() < 0.8
    mask = np.zeros((SIZE, SIZE))
    y = np.arange(SIZE)[:, None]
    x = np.arange(SIZE)[None, :]
    for _ in range(rng.integers(1, 4)):
        start, lean = rng.uniform(20, SIZE - 20), rng.normal(0, 0.05)
        middle, half = rng.uniform(40, SIZE - 40), rng.uniform(35, 180)
        for _ in range(rng.integers(1, 4)):
            width = rng.uniform(0.6, 1.6) if rng.random() < 0.6 else rng.uniform(2, 7)
            offset = start + rng.normal(0, 6)
            across = (x - offset - lean * (y - middle)) / width
            along = np.clip((half - np.abs(y - middle)) / 6, 0, 1)
            mask = np.maximum(
                mask, rng.uniform(0.35, 1.0) * np.exp(-(across**4)) * along)
    streaks = 1 + 0.25 * filtered_noise(rng, 12, 0.8)
    mask = mask * streaks
    return image + rng.uniform(90, 170) * (mask if upright else mask.T)


GENERATORS = dict(zip(CLASSES, (crazing, inclusion, patches, pitted_surface,
                                rolled_in_scale, scratches)))


def texture(class_name, seed, index):
    """The image of a class as a 200x200 array of u8.

    The same arguments give the same image; different (class, seed, index) use
    independent random streams.
    """
    rng = np.random.default_rng([seed, CLASSES.index(class_name), index])
    image = GENERATORS[class_name](rng)
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def write_textures(folder, seed, per_class, image_format):
    """Write `per_class` images of each class to `folder`; returns their paths."""
    os.makedirs(folder, exist_ok=True)
    paths = []
    for class_name in CLASSES:
        for index in range(per_class):
            suffix = image_format
            if image_format == "both":
                suffix = ("jpg", "png")[index % 2]
            path = os.path.join(folder, f"{class_name}_{index}.{suffix}")
            options = {"quality": 90} if suffix == "jpg" else {"optimize": True}
            Image.fromarray(texture(class_name, seed, index)).save(path, **options)
            paths.append(path)
    return paths


def main():
    parser = argparse.ArgumentParser(
        description="Write grey 200x200 textures that look like surface defects "
        "of rolled steel, named CLASS_INDEX.SUFFIX.",
        epilog="example: textures.py --seed=3 --per-class=2 --format=both "
        "--output=images")
    parser.add_argument("--output", required=True, metavar="FOLDER")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--per-class", type=int, default=2, metavar="N")
    parser.add_argument("--format", choices=("png", "jpg", "both"), default="png",
                        help="both: JPEG and PNG in turn")
    args = parser.parse_args()
    if args.seed < 0 or args.per_class < 1:
        parser.error("--seed must be at least 0 and --per-class at least 1")
    try:
        paths = write_textures(args.output, args.seed, args.per_class, args.format)
    except OSError as error:
        sys.exit(f"error: {error}")
    print(f"{len(paths)} images written to {args.output}")


if __name__ == "__main__":
    main()
