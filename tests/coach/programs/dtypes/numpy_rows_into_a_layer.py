import numpy as np

import gradbook as torch
from gradbook import nn

rng = np.random.default_rng(3)
heights = rng.normal(170.0, 9.0, size=(40, 1))
weights = 0.9 * heights - 90 + rng.normal(0, 4, size=(40, 1))
heights = (heights - heights.mean()) / heights.std()
inputs = torch.from_numpy(heights)  # coach: dtype-creep; fix: torch.from_numpy(heights).float()
targets = torch.from_numpy(weights).float()
line = nn.Linear(1, 1)
optimizer = torch.optim.SGD(line.parameters(), lr=0.05)
for step in range(20):
    optimizer.zero_grad()
    nn.functional.mse_loss(line(inputs), targets).backward()
    optimizer.step()
