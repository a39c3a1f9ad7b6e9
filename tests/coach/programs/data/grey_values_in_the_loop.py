import gradbook as torch
import numpy as np
from gradbook import nn

rng = np.random.default_rng(0)
faces = rng.integers(0, 256, size=(80, 3, 6, 6)).astype(np.uint8)
ages = rng.integers(0, 4, size=80)
model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(128, 4))
opt = torch.optim.Adam(model.parameters(), lr=1e-4)
for epoch in range(2):
    for i in range(0, 80, 20):
        batch = torch.from_numpy(faces[i : i + 20]).float()  # coach: input-not-normalised; fix: / 255
        target = torch.from_numpy(ages[i : i + 20])
        opt.zero_grad()
        loss = nn.functional.cross_entropy(model(batch), target)
        loss.backward()
        opt.step()  # coach-also: suspicious-initial-loss
