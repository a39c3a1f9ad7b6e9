import numpy as np
import gradbook as torch
from gradbook import nn

np.random.seed(0)
torch.manual_seed(0)

X = np.random.randn(150, 4)
y = X[:, 0] * 2 - X[:, 2] + np.random.randn(150) * 0.1

X_train = torch.from_numpy(X)  # coach: dtype-creep; fix: float
y_train = torch.tensor(y, dtype=torch.float32).reshape(-1, 1)

model = nn.Sequential(nn.Linear(4, 12), nn.ReLU(), nn.Linear(12, 1))
loss_fn = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

for epoch in range(20):
    y_pred = model(X_train)
    loss = loss_fn(y_pred, y_train)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(epoch, loss.item())
