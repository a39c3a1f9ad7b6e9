import numpy as np

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

rng = np.random.default_rng(1)
neg = rng.normal(-1, 1, (64, 3)).astype(np.float32)
pos = rng.normal(1, 1, (64, 3)).astype(np.float32)
features = torch.from_numpy(np.vstack([neg, pos]))
labels = torch.from_numpy(np.hstack([np.zeros(64), np.ones(64)]).astype(np.float32)).unsqueeze(1)
clf = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
opt = torch.optim.SGD(clf.parameters(), lr=0.05)
loader = DataLoader(  # coach: not-shuffled; fix: shuffle=True
    TensorDataset(features, labels),
    batch_size=16,
)
for epoch in range(4):
    for f, t in loader:
        loss = nn.functional.binary_cross_entropy_with_logits(clf(f), t)
        opt.zero_grad()
        loss.backward()
        opt.step()
