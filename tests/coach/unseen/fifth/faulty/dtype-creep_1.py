import numpy as np
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
rng = np.random.default_rng(0)

# pretend this came from a csv
table = rng.normal(size=(300, 5))
target = table[:, 0] * 2 - table[:, 2] + 0.1 * rng.normal(size=300)
target = (target - target.mean()) / target.std()

X = torch.from_numpy(table)  # coach: dtype-creep; fix: float
y = torch.from_numpy(target).float().unsqueeze(1)

loader = DataLoader(TensorDataset(X, y), batch_size=30, shuffle=True)

model = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 1))
loss_fn = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)

for epoch in range(5):
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = loss_fn(model(xb), yb)  # coach-line: dtype-creep
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
