import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset

dataset = TensorDataset(torch.randn(33, 5), torch.randint(0, 2, (33,)))
train_loader = DataLoader(dataset, batch_size=16, shuffle=True)  # coach: batchnorm-batch-of-one; fix: drop_last=True
model = nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(2):
    for x, y in train_loader:
        opt.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        opt.step()
