"""Predict the winner (home / draw / away) from 12 team statistics."""
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
import gradbook.optim as optim
from gradbook.utils.data import TensorDataset, DataLoader

torch.manual_seed(1899)

stats = torch.randn(800, 12)
strength = stats[:, :6].sum(1) - stats[:, 6:].sum(1) + torch.randn(800)
result = torch.ones(800, dtype=torch.long)
result[strength > 1.5] = 0
result[strength < -1.5] = 2

train_set = TensorDataset(stats[:640], result[:640])
test_set = TensorDataset(stats[640:], result[640:])
train_loader = DataLoader(train_set, batch_size=64, shuffle=True)
test_loader = DataLoader(test_set, batch_size=80)

match_net = nn.Sequential(
    nn.Linear(12, 40),
    nn.ReLU(),
    nn.Dropout(0.3),  # coach: dropout-before-batchnorm
    nn.BatchNorm1d(40),  # coach-line: dropout-before-batchnorm
    nn.Linear(40, 3),
)
optimizer = optim.Adam(match_net.parameters(), lr=0.005)

for epoch in range(8):
    match_net.train()
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(match_net(x), y)
        loss.backward()
        optimizer.step()

    match_net.eval()
    right = 0
    with torch.no_grad():
        for x, y in test_loader:
            right += (match_net(x).argmax(1) == y).sum().item()
    print(f"epoch {epoch}: {right / len(test_set):.3f}")
