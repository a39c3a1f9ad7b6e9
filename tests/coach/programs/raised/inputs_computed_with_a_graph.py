"""The data set is made with a layer that learns, outside of the loop over a loader."""

import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset

raw, labels = torch.randn(32, 10), torch.randint(0, 2, (32,))
projection = nn.Sequential(nn.Linear(10, 6), nn.Tanh())
classifier = nn.Linear(6, 2)
optimizer = torch.optim.SGD([*projection.parameters(), *classifier.parameters()], lr=0.1)
features = projection(raw)  # coach: backward-twice; fix: features = projection(raw)
loader = DataLoader(TensorDataset(features, labels), batch_size=8)
for x, y in loader:
    loss = nn.functional.cross_entropy(classifier(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
