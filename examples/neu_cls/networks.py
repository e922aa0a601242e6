#===- networks.py - The networks that train.py trains ----------------------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Networks for the six-class defect task: input 1x3xHxW, output logits."""

import torch
from torch import nn


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut, projected where the shape changes.

    After He et al., "Deep Residual Learning for Image Recognition", 2015, fig. 2.
    """

    def __init__(self, in_channels, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)
        self.shortcut = None
        if stride != 1 or in_channels != channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, channels, 1, stride, bias=False),
                nn.BatchNorm2d(channels))

    def forward(self, x):
        skip = x if self.shortcut is None else self.shortcut(x)
        y = torch.relu(self.norm1(self.conv1(x)))
        return torch.relu(self.norm2(self.conv2(y)) + skip)


class SurfaceNet(nn.Module):
    """A thin residual network: 0.5 M parameters, 0.23 GMAC at 200x200."""

    def __init__(self, classes, widths=(24, 32, 64, 96)):
        super().__init__()
        stem, first, second, third = widths
        self.stem = nn.Conv2d(3, stem, 3, 2, 1, bias=False)
        self.norm = nn.BatchNorm2d(stem)
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.stages = nn.Sequential(
            ResidualBlock(stem, first, 1), ResidualBlock(first, first, 1),
            ResidualBlock(first, second, 2), ResidualBlock(second, second, 1),
            ResidualBlock(second, third, 2), ResidualBlock(third, third, 1))
        self.global_pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(third, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")

    def forward(self, x):
        x = self.pool(torch.relu(self.norm(self.stem(x))))
        x = self.global_pool(self.stages(x))
        return self.head(torch.flatten(x, 1))


NETWORKS = {"surface-net": SurfaceNet}
