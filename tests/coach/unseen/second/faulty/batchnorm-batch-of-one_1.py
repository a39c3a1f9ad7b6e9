import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(48)
patients = torch.randn(97, 9)
dose = patients[:, :1] * 0.6 + 0.2 * patients[:, 3:4]

loader = DataLoader(TensorDataset(patients, dose), batch_size=16, shuffle=True)  # coach: batchnorm-batch-of-one; fix: drop_last=True
net = nn.Sequential(
    nn.Linear(9, 24, bias=False),
    nn.BatchNorm1d(24),
    nn.ReLU(),
    nn.Linear(24, 1),
)
optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
criterion = nn.SmoothL1Loss()
for epoch in range(5):
    net.train()
    for p, d in loader:
        optimizer.zero_grad()
        loss = criterion(net(p), d)
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
