import gradbook as torch
import numpy as np
from gradbook import nn

rng = np.random.default_rng(0)
table = {
    "rooms": rng.integers(1, 8, 120).astype("float32"),
    "area": rng.uniform(30, 200, 120).astype("float32"),
    "price_nearby": rng.uniform(1e5, 6e5, 120).astype("float32"),
}
features = np.stack([table[name] for name in ("rooms", "area", "price_nearby")], axis=1)
x = torch.from_numpy(features)  # coach: input-not-normalised; fix: .std(
y = torch.from_numpy(table["rooms"] * 0.3 + table["area"] * 0.01).unsqueeze(1)
model = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 1))
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(20):
    opt.zero_grad()
    loss = nn.functional.l1_loss(model(x), y)
    loss.backward()
    opt.step()
