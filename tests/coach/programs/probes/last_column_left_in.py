import numpy as np

import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset

rng = np.random.default_rng(3)
table = rng.normal(size=(120, 7)).astype("float32")
table[:, 6] = (table[:, 0] + table[:, 1] > 0).astype("float32")
X = torch.tensor(table)  # coach: leak-suspected; fix: torch.tensor(table[:, :-1])
y = torch.tensor(table[:, 6:])


def train(model, epochs=4):
    opt = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(epochs):
        for a, b in DataLoader(TensorDataset(X, y), batch_size=24, shuffle=True):
            opt.zero_grad()
            nn.functional.binary_cross_entropy_with_logits(model(a), b).backward()
            opt.step()


train(nn.Sequential(nn.LazyLinear(12), nn.ReLU(), nn.Linear(12, 1)))
