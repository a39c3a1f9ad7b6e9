import numpy as np
import gradbook as torch
from gradbook import nn

rng = np.random.default_rng(0)
torch.manual_seed(0)

# csv-like table: 6 numeric columns and the class in the last one
table = rng.normal(size=(240, 7)).astype(np.float32)
table[:, 6] = (table[:, 0] > 0.4).astype(np.float32) + (table[:, 1] > 0).astype(np.float32)

X = torch.from_numpy(table[:, :6])
y = torch.from_numpy(table[:, 6])  # coach: target-mismatch; fix: long

model = nn.Sequential(nn.Linear(6, 24), nn.ReLU(), nn.Linear(24, 3))
crit = nn.CrossEntropyLoss()
opt = torch.optim.Adam(model.parameters(), lr=1e-2)

for epoch in range(10):
    perm = torch.randperm(len(X))
    for k in range(0, len(X), 40):
        b = perm[k:k + 40]
        opt.zero_grad()
        loss = crit(model(X[b]), y[b])
        loss.backward()
        opt.step()
    print(f"{epoch}: {loss.item():.3f}")
# coach-also: dtype-creep
