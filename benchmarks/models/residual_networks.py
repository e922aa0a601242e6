#===- residual_networks.py - ResNet and MobileNet families -----------------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Networks with residual additions."""

RESNET_BLOCKS = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}


def basic_block(b, x, channels, stride):
    """He et al., 2015, figure 5 left."""
    y = b.relu(b.conv_bn(x, channels, 3, stride, 1))
    y = b.conv_bn(y, channels, 3, 1, 1)
    if stride != 1 or x.channels != channels:
        x = b.conv_bn(x, channels, 1, stride)
    return b.add_relu(x, y)


def bottleneck_block(b, x, width, channels, stride, groups):
    """Figure 5 right, with the stride on the 3x3 convolution as in torchvision."""
    y = b.relu(b.conv_bn(x, width, 1))
    y = b.relu(b.conv_bn(y, width, 3, stride, 1, groups))
    y = b.conv_bn(y, channels, 1)
    if stride != 1 or x.channels != channels:
        x = b.conv_bn(x, channels, 1, stride)
    return b.add_relu(x, y)


def resnet(b, layers, groups=1, width_per_group=64):
    """He et al., 2015, table 1; Xie et al., 2017 (groups); Zagoruyko and
    Komodakis, 2016 (width_per_group 128)."""
    groups = b.thin(groups) if groups > 1 else 1
    x = b.relu(b.conv_bn(b.input, b.thin(64), 7, 2, 3))
    x = b.max_pool(x, 3, 2, padding=1)
    for stage, blocks in enumerate(RESNET_BLOCKS[layers]):
        planes = 64 << stage
        for block in range(blocks):
            stride = 2 if stage > 0 and block == 0 else 1
            if layers < 50:
                x = basic_block(b, x, b.thin(planes), stride)
                continue
            if groups > 1:
                width = groups * (width_per_group << stage)
            else:
                width = b.thin(width_per_group << stage)
            x = bottleneck_block(b, x, width, b.thin(4 * planes), stride, groups)
    return b.linear(b.flatten(b.global_pool(x)), b.options.classes)


# Expansion, channels, repeats, first stride: Sandler et al., 2018, table 2.
MOBILENET_V2 = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2),
                (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))


def mobilenet_v2(b):
    x = b.relu6(b.conv_bn(b.input, b.thin(32), 3, 2, 1))
    for expansion, channels, repeats, first_stride in MOBILENET_V2:
        channels = b.thin(channels)
        for repeat in range(repeats):
            stride = first_stride if repeat == 0 else 1
            y, hidden = x, x.channels * expansion
            if expansion != 1:
                y = b.relu6(b.conv_bn(y, hidden, 1))
            y = b.relu6(b.conv_bn(y, hidden, 3, stride, 1, groups=hidden))
            y = b.conv_bn(y, channels, 1)
            x = b.add(x, y) if stride == 1 and x.channels == channels else y
    x = b.relu6(b.conv_bn(x, b.thin(1280), 1))
    return b.linear(b.flatten(b.global_pool(x)), b.options.classes)


# Kernel, expanded channels, channels, squeeze-excite, hard swish, stride:
# Howard et al., 2019, tables 1 and 2.
MOBILENET_V3_LARGE = (
    (3, 16, 16, False, False, 1), (3, 64, 24, False, False, 2),
    (3, 72, 24, False, False, 1), (5, 72, 40, True, False, 2),
    (5, 120, 40, True, False, 1), (5, 120, 40, True, False, 1),
    (3, 240, 80, False, True, 2), (3, 200, 80, False, True, 1),
    (3, 184, 80, False, True, 1), (3, 184, 80, False, True, 1),
    (3, 480, 112, True, True, 1), (3, 672, 112, True, True, 1),
    (5, 672, 160, True, True, 2), (5, 960, 160, True, True, 1),
    (5, 960, 160, True, True, 1))
MOBILENET_V3_SMALL = (
    (3, 16, 16, True, False, 2), (3, 72, 24, False, False, 2),
    (3, 88, 24, False, False, 1), (5, 96, 40, True, True, 2),
    (5, 240, 40, True, True, 1), (5, 240, 40, True, True, 1),
    (5, 120, 48, True, True, 1), (5, 144, 48, True, True, 1),
    (5, 288, 96, True, True, 2), (5, 576, 96, True, True, 1),
    (5, 576, 96, True, True, 1))


def multiple_of_8(channels):
    """The nearest multiple of 8, not under 90 % of the argument."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded


def squeeze_excite(b, x, squeezed):
    gate = b.relu(b.conv(b.global_pool(x), squeezed, 1))
    return b.scale_channels(x, b.hard_sigmoid(b.conv(gate, x.channels, 1)))


def mobilenet_v3(b, rows, last_hidden):
    def conv_bn(x, channels, kernel, stride=1, groups=1):
        return b.conv_bn(x, channels, kernel, stride, kernel // 2, groups, 1e-3)

    x = b.hard_swish(conv_bn(b.input, b.thin(16), 3, 2))
    for kernel, expanded, channels, has_gate, swish, stride in rows:
        activate = b.hard_swish if swish else b.relu
        hidden, squeezed = b.thin(expanded), b.thin(multiple_of_8(expanded // 4))
        channels = b.thin(channels)
        y = x
        if hidden != x.channels:
            y = activate(conv_bn(y, hidden, 1))
        y = activate(conv_bn(y, hidden, kernel, stride, groups=hidden))
        if has_gate:
            y = squeeze_excite(b, y, squeezed)
        y = conv_bn(y, channels, 1)
        x = b.add(x, y) if stride == 1 and x.channels == channels else y
    x = b.hard_swish(conv_bn(x, b.thin(6 * rows[-1][2]), 1))
    x = b.flatten(b.global_pool(x))
    x = b.hard_swish(b.linear(x, b.thin(last_hidden)))
    return b.linear(x, b.options.classes)
