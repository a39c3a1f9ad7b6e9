# Weighted regression: recent observations count more
import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(37)
age = torch.rand(700)
x = torch.randn(700, 4)
y = x @ torch.tensor([[1.0], [-0.5], [0.3], [0.0]]) + (0.1 + 0.5 * age.unsqueeze(1)) * torch.randn(700, 1)
weight = torch.exp(-2 * age).unsqueeze(1)

model = nn.Sequential(nn.Linear(4, 16), nn.GELU(), nn.Linear(16, 1))
criterion = nn.MSELoss(reduction="none")
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
loader = DataLoader(TensorDataset(x, y, weight), batch_size=70, shuffle=True)

for epoch in range(10):
    for xb, yb, wb in loader:
        optimizer.zero_grad()
        loss = wb * criterion(model(xb), yb)  # coach: non-scalar-backward; fix: .mean()
        loss.backward()  # coach-line: non-scalar-backward
        optimizer.step()
    print("epoch", epoch, "done")
